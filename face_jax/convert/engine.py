"""Moves weights between published names and Flax variables by an explicit table.

A table names every array once. Nothing is guessed: an array that the table does not
know, a variable that no array fills and a shape that differs are all errors, and each
message names what is nearest on the other side.
"""

import dataclasses
import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from face_jax.convert.layouts import CONV, DENSE, VECTOR, Layout
from face_jax.types import Variables

Path = tuple[str, ...]
"""Network, collection (``params`` or ``batch_stats``), modules, name."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where a published array goes.

    Attributes:
      path: in the variables, network name first.
      layout: axis orders on both sides.
    """

    path: Path
    layout: Layout


ROUNDING = 1e-5
"""Largest difference of a stored constant."""

MOST_LINES = 12
"""Problems that a message lists."""

Table = Mapping[str, Entry]
"""Published name to its place among the variables."""


class ConversionError(ValueError):
    """Weights and variables do not correspond; one line for each of the first problems.

    Attributes:
      problems: all of them.
    """

    def __init__(self, problems: Sequence[str]):
        lines = list(problems[:MOST_LINES])
        if more := len(problems) - len(lines):
            lines.append(f"and {more} more")
        super().__init__("\n  ".join(["weights do not fit:", *lines]))
        self.problems = tuple(problems)


def to_variables(
    weights: Mapping[str, Any],
    table: Table,
    target: Variables,
    ignored: Sequence[str] = (),
) -> dict[str, Any]:
    """Fills variables from published weights.

    Args:
      weights: arrays by published name, or anything with a shape that numpy makes arrays
        of; each is read once.
      table: where each goes.
      target: arrays or shape structs, by network and path, that must all be filled.
      ignored: regular expressions that match whole names, of arrays that may be
        there and are not wanted.

    Returns:
      Variables like ``target``, float32 numpy arrays.

    Raises:
      ConversionError: anything is missing, unknown or of another shape.
    """
    weights = {n: a for n, a in weights.items() if not is_ignored(n, ignored)}
    shapes = {path: leaf.shape for path, leaf in flatten(target).items()}
    problems = [
        *_name_problems(weights, table),
        *_path_problems(shapes, table),
        *_shape_problems(weights, table, shapes),
    ]
    if problems:
        raise ConversionError(problems)
    return unflatten(
        {
            entry.path: np.ascontiguousarray(
                entry.layout.to_flax(np.asarray(weights[name], np.float32))
            )
            for name, entry in table.items()
        }
    )


def without_constants(
    weights: Mapping[str, Any], constants: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """Weights without arrays that are none, though they are stored like them.

    Args:
      weights: by published name.
      constants: what the code has instead, by published name; each may be there.

    Raises:
      ConversionError: one has another shape or other values than rounding explains.
    """
    for name in weights.keys() & constants.keys():
        found, expected = np.asarray(weights[name]), constants[name]
        same = found.shape == expected.shape
        if not same or np.abs(found - expected).max() > ROUNDING:
            raise ConversionError(
                [
                    f"{name}: expected a constant {list(expected.shape)}, got other "
                    f"values or shape {list(found.shape)}"
                ]
            )
    return {name: array for name, array in weights.items() if name not in constants}


def is_ignored(name: str, ignored: Sequence[str]) -> bool:
    """Whether a published name matches one of these regular expressions."""
    return any(re.fullmatch(pattern, name) for pattern in ignored)


def entry_of(weights: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """The entry of a file that holds a network.

    Args:
      weights: all arrays of the file by published name.
      table: of the network.

    Returns:
      The weights below the entry (``model``, ``state_dict``, ``kp_detector``) that has
      most of the table's names, by names without it; all of them where there is none.
    """
    first = dict.fromkeys(name.partition(".")[0] + "." for name in weights)
    entries = ["", *first]
    counts = [sum(f"{entry}{name}" in weights for name in table) for entry in entries]
    entry = entries[counts.index(max(counts))]
    return {n.removeprefix(entry): a for n, a in weights.items() if n.startswith(entry)}


def to_published(variables: Variables, table: Table) -> dict[str, np.ndarray]:
    """Gives variables their published names and axis orders.

    Args:
      variables: arrays by network and path.
      table: published name of each.

    Returns:
      float32 numpy arrays by published name.

    Raises:
      ConversionError: a variable has no published name, or the reverse.
    """
    arrays = flatten(variables)
    problems = _path_problems(arrays, table)
    if problems:
        raise ConversionError(problems)
    return {
        name: np.ascontiguousarray(
            entry.layout.to_published(np.asarray(arrays[entry.path], np.float32))
        )
        for name, entry in table.items()
    }


def flatten(tree: Mapping[str, Any], path: Path = ()) -> dict[Path, Any]:
    """Leaves of nested dictionaries by path."""
    leaves: dict[Path, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            leaves |= flatten(value, (*path, key))
        else:
            leaves[(*path, key)] = value
    return leaves


def unflatten(leaves: Mapping[Path, Any]) -> dict[str, Any]:
    """Nested dictionaries from leaves by path."""
    tree: dict[str, Any] = {}
    for path, value in leaves.items():
        branch = tree
        for key in path[:-1]:
            branch = branch.setdefault(key, {})
        branch[path[-1]] = value
    return tree


def dense(published: str, path: Path, bias: bool = True) -> dict[str, Entry]:
    """Entries of a dense layer."""
    return _layer(published, path, DENSE, bias)


def conv(published: str, path: Path, bias: bool = True) -> dict[str, Entry]:
    """Entries of a 2-D convolution."""
    return _layer(published, path, CONV, bias)


def norm(published: str, path: Path) -> dict[str, Entry]:
    """Entries of a norm's scale and bias."""
    return {
        f"{published}.weight": Entry((*path, "scale"), VECTOR),
        f"{published}.bias": Entry((*path, "bias"), VECTOR),
    }


def batch_norm(published: str, path: Path) -> dict[str, Entry]:
    """Entries of a batch norm, its stored statistics included."""
    network, _, *modules = path
    statistics = (network, "batch_stats", *modules)
    return norm(published, path) | {
        f"{published}.running_mean": Entry((*statistics, "mean"), VECTOR),
        f"{published}.running_var": Entry((*statistics, "var"), VECTOR),
    }


def _layer(published: str, path: Path, layout: Layout, bias: bool) -> dict[str, Entry]:
    entries = {f"{published}.weight": Entry((*path, "kernel"), layout)}
    if bias:
        entries[f"{published}.bias"] = Entry((*path, "bias"), VECTOR)
    return entries


def _name_problems(weights: Mapping[str, Any], table: Table) -> list[str]:
    """Published names on one side only."""
    missing = [name for name in table if name not in weights]
    unknown = [name for name in weights if name not in table]
    return [
        *_one_sided("missing", missing, table, unknown or list(weights)),
        *_one_sided("unknown", unknown, weights, missing or list(table)),
    ]


def _one_sided(
    kind: str, names: Sequence[str], side: Iterable[str], others: Sequence[str]
) -> list[str]:
    """One line per name; one line for a network of which nothing corresponds."""
    total = Counter(map(_group, side))
    count = Counter(map(_group, names))
    whole = [group for group in count if count[group] == total[group] > 1]
    groups = sorted(set(map(_group, others)))
    lines = [
        f"{kind} network {group!r} ({count[group]} arrays); on the other side: {groups}"
        for group in whole
    ]
    single = (name for name in names if _group(name) not in whole)
    return lines + [f"{kind} {name}{_nearest(name, others)}" for name in single]


def _group(name: str) -> str:
    return name.split(".")[0]


def _path_problems(leaves: Mapping[Path, Any], table: Table) -> list[str]:
    """Variables on one side only."""
    paths = {"/".join(entry.path) for entry in table.values()}
    given = {"/".join(path) for path in leaves}
    return [
        f"variable {path} has no published name{_nearest(path, sorted(paths))}"
        for path in sorted(given - paths)
    ] + [
        f"variable {path} does not exist{_nearest(path, sorted(given))}"
        for path in sorted(paths - given)
    ]


def _shape_problems(
    weights: Mapping[str, Any], table: Table, shapes: Mapping[Path, Sequence[int]]
) -> list[str]:
    problems = []
    for name, entry in table.items():
        if name not in weights or entry.path not in shapes:
            continue
        shape, expected = np.shape(weights[name]), tuple(shapes[entry.path])
        if _shape_in_flax(shape, entry.layout) != expected:
            problems.append(
                f"shape of {name}: {entry.layout.name} for variable "
                f"{'/'.join(entry.path)} {list(expected)}, got {list(shape)}"
            )
    return problems


def _shape_in_flax(shape: Sequence[int], layout: Layout) -> tuple[int, ...] | None:
    """None where a layout is of another rank; reads no array."""
    if len(shape) != layout.rank:
        return None
    return layout.to_flax(np.broadcast_to(np.float32(0), shape)).shape


def _nearest(name: str, others: Sequence[str]) -> str:
    matches = difflib.get_close_matches(name, others, n=2)
    return f"; nearest on the other side: {', '.join(matches)}" if matches else ""
