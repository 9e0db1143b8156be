"""Kinds of published files: what they hold, whose they are, how they become variables.

Every system describes the files that its users may bring; here they are converted, and
written back, by these descriptions.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from face_jax.convert.engine import (
    ConversionError,
    Table,
    is_ignored,
    to_published,
    to_variables,
    without_constants,
)
from face_jax.convert.weight_files import open_weights
from face_jax.types import Variables

Settings = Mapping[str, Any]
"""Fields of a system's task, the ``task`` block of a config."""

COUNTER, STATISTIC = ".num_batches_tracked", ".running_var"
"""What PyTorch keeps beside the statistics of a batch norm, and one of these."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """Files that somebody published.

    Attributes:
      title: what they are.
      system: whose checkpoint they become, a name in ``systems.SYSTEMS``, or ``weights``
        for networks that only losses need.
      terms: what the publisher says of their use, as far as it is known.
      settings: of the task; the first that fits is taken.
      shapes: settings to shape structs of all networks that such files may hold.
      required: networks that must be there.
      optional: networks that may be there.
      names: the arrays of one file by full published name, which tells networks apart;
        given all shapes.
      table: of published names, for some networks.
      place: published name to the file (without its ending), the entries in it and the
        name there: where the publisher has it.
      ignored: regular expressions of published names that have no use.
      constants: arrays by published name that such files may hold and that are no
        weights; they are always written.
    """

    title: str
    system: str
    terms: str
    settings: tuple[Settings, ...]
    shapes: Callable[[Settings], Variables]
    required: tuple[str, ...]
    names: Callable[[Mapping[str, Any], Variables], dict[str, Any]]
    table: Callable[[Variables], Table]
    place: Callable[[str], tuple[str, ...]]
    optional: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    constants: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Converted:
    """What became of some files.

    Attributes:
      variables: float32 arrays by network.
      settings: of the task that they fit.
      used: published names that were taken, each with the shape that it had.
      ignored: those that have no use.
    """

    variables: dict[str, Any]
    settings: Settings
    used: dict[str, list[int]]
    ignored: list[str]


def convert_files(
    kind: Kind, files: Sequence[Path], changes: Settings | None = None
) -> Converted:
    """Reads published files.

    Args:
      kind: what they are.
      files: one for each network, or one for several; in any order.
      changes: settings that differ from the published ones.

    Returns:
      The variables of all networks that are there.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: a file is damaged or names something that is not allowed, or there is
        no such setting.
      ConversionError: a network is missing, or anything is unknown or of another shape;
        of all settings that of the first is reported.
    """
    refused: list[ConversionError] = []
    with ExitStack() as stack:
        opened = [stack.enter_context(open_weights(Path(file))) for file in files]
        for settings in kind.settings:
            given = merged(settings, changes or {})
            try:
                return _convert(kind, opened, given)
            except ConversionError as error:
                refused.append(error)
    raise refused[0]


def publish(kind: Kind, variables: Variables) -> dict[str, dict[str, Any]]:
    """Variables as their publisher has them, the reverse of ``convert_files``.

    Args:
      kind: what they shall be.
      variables: by network; those of other kinds are left out.

    Returns:
      By file, without its ending: nested dictionaries of arrays by published name,
      float32, with counters of batch norms that say 0.

    Raises:
      ConversionError: a required network is missing, or a variable has no published
        name.
    """
    known = (*kind.required, *kind.optional)
    chosen = {name: variables[name] for name in known if name in variables}
    _check_required(kind, chosen)
    try:
        arrays: dict[str, np.ndarray] = dict(to_published(chosen, kind.table(chosen)))
    except ConversionError as error:
        reason = f"the networks are not built as published: {error.problems[0]}"
        raise ConversionError([reason]) from error
    for name in [n for n in arrays if n.endswith(STATISTIC)]:
        arrays[name.removesuffix(STATISTIC) + COUNTER] = np.array(0, np.int64)
    arrays |= kind.constants
    files: dict[str, Any] = {}
    for name, array in arrays.items():
        *places, last = kind.place(name)
        entry = files
        for place in places:
            entry = entry.setdefault(place, {})
        entry[last] = array
    return files


def merged(settings: Settings, changes: Settings) -> dict[str, Any]:
    """Settings with some of them changed, block by block."""
    result = dict(settings)
    for key, value in changes.items():
        inner = result.get(key)
        if isinstance(value, Mapping) and isinstance(inner, Mapping):
            value = merged(inner, value)
        result[key] = value
    return result


def _convert(kind: Kind, opened: Sequence[Mapping], settings: Settings) -> Converted:
    try:
        shapes = kind.shapes(settings)
    except TypeError as error:
        raise ValueError(f"settings: {str(error).splitlines()[0]}") from error
    weights: dict[str, Any] = {}
    for one in opened:
        found = kind.names(one, shapes)
        if twice := sorted(found.keys() & weights.keys()):
            raise ConversionError([f"{twice[0]} is in two of the files"])
        weights |= found
    tables = {name: kind.table({name: tree}) for name, tree in shapes.items()}
    target = {n: shapes[n] for n, table in tables.items() if weights.keys() & table}
    _check_required(kind, target)
    table = {
        name: entry for network in target for name, entry in tables[network].items()
    }
    wanted = without_constants(weights, kind.constants)
    variables = to_variables(wanted, table, target, kind.ignored)
    ignored = [n for n in weights if n not in wanted or is_ignored(n, kind.ignored)]
    used = {name: list(weights[name].shape) for name in table}
    return Converted(variables, settings, used, ignored)


def _check_required(kind: Kind, networks: Mapping[str, Any]) -> None:
    missing = [name for name in kind.required if name not in networks]
    if missing:
        found = ", ".join(networks) or "none of its networks"
        raise ConversionError(
            [f"no {name} ({kind.title}); found {found}" for name in missing]
        )
