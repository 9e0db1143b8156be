"""Reads a data configuration and refuses what nothing would use."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

Blocks = Mapping[str, Mapping[str, Any]]
Table = Mapping[str, Callable[..., Any]]


@dataclasses.dataclass(frozen=True)
class Component:
    """One source of a mixture.

    Attributes:
      name: the user's name for it.
      weight: its share of the items, relative to the other weights.
      source: name of the kind of source.
      blocks: keywords by name of the kind.
    """

    name: str
    weight: float
    source: str
    blocks: Blocks


@dataclasses.dataclass(frozen=True)
class DataSettings:
    """A checked data configuration.

    Attributes:
      item: name of the kind of item.
      source: name of the kind of source, or None where ``mixture`` is given.
      mixture: several sources, in the order of their names.
      blocks: keywords by name of the kind.
    """

    item: str
    source: str | None
    mixture: tuple[Component, ...]
    blocks: Blocks


def read_settings(
    config: Mapping[str, Any], sources: Table, items: Table
) -> DataSettings:
    """Checks a configuration's names.

    Args:
      config: mapping or ``ml_collections.ConfigDict`` with ``item``, either ``source``
        or ``mixture``, and blocks of keywords named like sources and items. Blocks of
        sources that are not selected may stay, so that a flag can switch.
      sources: kinds of sources by name.
      items: kinds of items by name.

    Raises:
      ValueError: an unknown name or key, or not exactly one of source and mixture.
    """
    plain = _plain(config)
    _refuse_unknown("data", plain, {"item", "source", "mixture", *sources, *items})
    source, mixture = plain.get("source"), plain.get("mixture") or {}
    if bool(source) == bool(mixture):
        raise ValueError("data: expected either source or mixture, not both or none")
    if source:
        _known("source", source, sources)
    return DataSettings(
        item=_known("item", plain.get("item"), items),
        source=source or None,
        mixture=tuple(
            _component(name, mixture[name], sources) for name in sorted(mixture)
        ),
        blocks={name: plain.get(name) or {} for name in (*sources, *items)},
    )


def construct(table: Table, name: str, blocks: Blocks) -> Any:
    """Builds what a table calls ``name`` from the block of that name.

    Raises:
      ValueError: the block has a key that is no keyword, or lacks one.
    """
    parameters = inspect.signature(table[name]).parameters
    _refuse_unknown(name, blocks[name], set(parameters))
    needed = {k for k, p in parameters.items() if p.default is p.empty}
    missing = sorted(needed - set(blocks[name]))
    if missing:
        raise ValueError(f"{name}: expected a value for {', '.join(missing)}, got none")
    return table[name](**blocks[name])


def _component(name: str, part: Mapping[str, Any], sources: Table) -> Component:
    where = f"mixture.{name}"
    _refuse_unknown(where, part, {"weight", "source", *sources})
    weight = part.get("weight", 1.0)
    if not weight > 0:
        raise ValueError(f"{where}.weight: expected more than 0, got {weight}")
    return Component(
        name=name,
        weight=float(weight),
        source=_known(f"{where}.source", part.get("source"), sources),
        blocks={source: part.get(source) or {} for source in sources},
    )


def _known(key: str, name: Any, table: Table) -> str:
    if name not in table:
        raise ValueError(f"{key}: expected one of {', '.join(table)}, got {name!r}")
    return name


def _refuse_unknown(where: str, given: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(
            f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )


def _plain(config: Any) -> dict[str, Any]:
    """A ``ConfigDict`` or mapping as nested dictionaries."""
    config = config.to_dict() if hasattr(config, "to_dict") else config
    return {
        key: _plain(value) if isinstance(value, Mapping) else value
        for key, value in config.items()
    }
