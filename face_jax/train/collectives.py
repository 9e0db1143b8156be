"""What the chips of a mesh send each other in a compiled program."""

import dataclasses
import re
from collections.abc import Mapping, Sequence

import numpy as np

from face_jax.train.hlo import Instruction, Program, Shape, executed

KINDS = (
    "all-reduce",
    "all-gather",
    "reduce-scatter",
    "all-to-all",
    "collective-permute",
    "collective-broadcast",
)
"""Collective operations of HLO."""


@dataclasses.dataclass(frozen=True)
class Collective:
    """One collective operation of a program.

    Attributes:
      kind: one of ``KINDS``.
      axes: mesh axes along which chips of a group differ.
      group_size: chips that take part together.
      results: arrays that each chip holds after it.
      times: how often one call of the program runs it.
      source: the operation of the traced program that it comes from.
    """

    kind: str
    axes: tuple[str, ...]
    group_size: int
    results: tuple[Shape, ...]
    times: int
    source: str

    @property
    def bytes(self) -> float:
        """What a chip sends in one call of the program, where chips form a ring.

        A sum over n chips sends 2 (n - 1) / n of its size, a gathering (n - 1) / n of
        its result; a permutation all that a sending chip has.
        """
        n, size = self.group_size, sum(shape.bytes for shape in self.results)
        share = {
            "all-reduce": 2 * (n - 1) / n,
            "all-gather": (n - 1) / n,
            "reduce-scatter": n - 1,
            "all-to-all": (n - 1) / n,
        }
        return self.times * size * share.get(self.kind, 1.0)


def collectives(program: Program, mesh: Mapping[str, int]) -> list[Collective]:
    """All collective operations of a program, each once.

    One that is begun and waited for counts as one, and so does one that the compiler
    runs piece by piece beside several others: it goes over one channel. Those of chips
    with themselves are left out.

    Args:
      program: of a program that was compiled for one mesh.
      mesh: names of its axes to their sizes, major to minor.
    """
    found: dict[str, Collective] = {}
    for each in executed(program):
        kind = each.instruction.opcode.removesuffix("-start")
        if kind not in KINDS:
            continue
        place = f"{each.computation.name} {each.instruction.name}"
        key = _channel(each.instruction) or place
        one = _collective(kind, each.instruction, mesh, each.times)
        if one.group_size > 1 and (key not in found or found[key].times < one.times):
            found[key] = one
    return list(found.values())


def bytes_by_axes(found: Sequence[Collective]) -> dict[tuple[str, str], float]:
    """What a chip sends, by kind and axes: ("all-reduce", "data+fsdp") to bytes."""
    totals: dict[tuple[str, str], float] = {}
    for one in found:
        key = (one.kind, "+".join(one.axes))
        totals[key] = totals.get(key, 0.0) + one.bytes
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def gathered_activations(
    found: Sequence[Collective], parameters: Sequence[int], least_bytes: int
) -> list[Collective]:
    """Gatherings of something else than parameters.

    Args:
      found: the collectives of a program.
      parameters: how many elements each tensor of parameters has, as it is used: whole,
        or a tensor-parallel part.
      least_bytes: smaller ones are not looked at.

    Returns:
      The all-gathers and all-to-alls with a result of at least so many bytes that has
      the size of no parameter.
    """
    known = set(parameters)
    return [
        one
        for one in found
        if one.kind in ("all-gather", "all-to-all")
        and any(
            shape.bytes >= least_bytes and shape.elements not in known
            for shape in one.results
        )
    ]


def _channel(instruction: Instruction) -> str | None:
    number = re.search(r"channel_id=(\d+)", instruction.attributes)
    return number.group() if number else None


def _collective(
    kind: str, instruction: Instruction, mesh: Mapping[str, int], times: int
) -> Collective:
    if kind in ("collective-permute", "collective-broadcast"):
        members = _pairs(instruction.attributes)
        members = members[members[:, 0] != members[:, 1]]
    else:
        members = replica_groups(instruction.attributes, int(np.prod([*mesh.values()])))
    size = members.shape[1] if members.size else 1
    return Collective(
        kind=kind,
        axes=_varying_axes(members, mesh),
        group_size=size,
        results=_results(kind, instruction),
        times=times,
        source=instruction.source,
    )


def _results(kind: str, instruction: Instruction) -> tuple[Shape, ...]:
    shapes = instruction.shapes
    if not instruction.opcode.endswith("-start") or kind == "all-reduce":
        return shapes
    # The operands come first, then as many results, then what only hardware needs.
    count = len(instruction.operands)
    return shapes[count : 2 * count]


def _varying_axes(members: np.ndarray, mesh: Mapping[str, int]) -> tuple[str, ...]:
    if not members.size:
        return ()
    places = np.unravel_index(members, tuple(mesh.values()))
    return tuple(
        name
        for name, place in zip(mesh, places, strict=True)
        if (place != place[:, :1]).any()
    )


def _pairs(attributes: str) -> np.ndarray:
    """Sender and receiver, int [n, 2]."""
    listed = re.search(r"source_target_pairs=\{(.*?)\}(?=,|$|\s)", attributes)
    numbers = [int(n) for n in re.findall(r"\d+", listed.group(1))] if listed else []
    return np.array(numbers, int).reshape(-1, 2)


def replica_groups(attributes: str, devices: int) -> np.ndarray:
    """Devices that take part together, int [groups, devices of each].

    Three ways of writing are read: ``{{0,1},{2,3}}``, ``[2,2]<=[4]`` with an optional
    ``T(...)``, and ``mesh['a'=2,'b'=2] {'b'}``, whose axes may be parts of axes and
    whose devices may be in another order.

    Args:
      attributes: of an instruction.
      devices: how many there are.

    Raises:
      ValueError: the groups are written in another way, or differ in size.
    """
    text = attributes.split("replica_groups=", 1)[-1]
    if text.startswith("mesh["):
        return _mesh_groups(text)
    if text.startswith("["):
        shape, order = _read(r"\[([\d,]+)\]<=(\S*?)(?:, |$)", text)
        return _iota(order).reshape(_numbers(shape))
    if text.startswith("{}"):
        return np.arange(devices)[None]
    (listed,) = _read(r"\{(\{[\d,]+\}(?:,\{[\d,]+\})*)\}", text)
    return np.array([_numbers(group) for group in re.findall(r"\{([\d,]+)\}", listed)])


def _mesh_groups(text: str) -> np.ndarray:
    sizes, order, chosen = _read(
        r"mesh\[([^\]]*)\](?:, device_ids=\((.*?)\)(?= \{))? \{([^}]*)\}", text
    )
    axes = re.findall(r"'([^']+)'=(\d+)", sizes)
    shape = [int(size) for _, size in axes]
    grid = (np.arange(np.prod(shape)) if order is None else _iota(order)).reshape(shape)
    split: list[int] = []
    inside: list[int] = []
    parts = re.findall(r"'([^']+)'(?::\((\d+)\)(\d+))?", chosen)
    for name, size in axes:
        pieces, picked = _split_axis(int(size), [p for p in parts if p[0] == name])
        inside += [len(split) + index for index in picked]
        split += pieces
    grid = grid.reshape(split)
    outside = [axis for axis in range(len(split)) if axis not in inside]
    count = int(np.prod([split[axis] for axis in inside]))
    return grid.transpose([*outside, *inside]).reshape(-1, count)


def _split_axis(size: int, parts: list) -> tuple[list[int], list[int]]:
    """Sizes that an axis is cut into, and the places of those that are named."""
    if not parts:
        return [size], []
    if not parts[0][1]:
        return [size], [0]
    pieces, picked, done = [], [], 1
    for _, before, length in sorted(parts, key=lambda part: int(part[1])):
        pieces += [int(before) // done, int(length)]
        picked.append(len(pieces) - 1)
        done = int(before) * int(length)
    return [*pieces, size // done], picked


def _iota(text: str) -> np.ndarray:
    """``[2,4]T(1,0)`` as the numbers of devices in that order."""
    shape, order = _read(r"\[([\d,]+)\](?:T\(([\d,]+)\))?", text)
    numbers = np.arange(np.prod(_numbers(shape))).reshape(_numbers(shape))
    return (numbers.transpose(_numbers(order)) if order else numbers).reshape(-1)


def _read(pattern: str, text: str) -> tuple:
    found = re.match(pattern, text)
    if found is None:
        raise ValueError(f"replica groups: expected {pattern}, got {text[:80]!r}")
    return found.groups()


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]
