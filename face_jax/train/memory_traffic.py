"""How many bytes a compiled program moves between a chip and its memory.

XLA's own count takes loops once. Here they count as often as they run: what remains
inside of a fusion, or in the chip's fast memory, is not moved.
"""

from collections.abc import Iterable, Mapping

from face_jax.train.hlo import (
    FAST_MEMORY,
    Computation,
    Instruction,
    Program,
    Shape,
    executed,
)

FREE = frozenset(
    {
        "parameter",
        "constant",
        "tuple",
        "get-tuple-element",
        "bitcast",
        "while",
        "conditional",
        "call",
        "after-all",
        "iota",
        "partition-id",
        "replica-id",
        "opt-barrier",
    }
)
"""What moves nothing by itself."""


def memory_traffic(program: Program) -> int:
    """Bytes that one call reads from the main memory and writes to it.

    Args:
      program: an optimised program.
    """
    return sum(
        each.times * _moved(program, each.computation, each.instruction)
        for each in executed(program)
        if not each.in_fusion
    )


def _moved(program: Program, within: Computation, instruction: Instruction) -> int:
    opcode = instruction.opcode
    if opcode in FREE or opcode.endswith("-done"):
        return 0
    if opcode in ("dynamic-slice", "gather", "slice"):
        return 2 * _size(instruction.shapes)
    if opcode == "dynamic-update-slice":
        return 2 * _size(_shapes_of(within, instruction.operands[1]))
    if opcode.endswith("-start"):
        return _copied(instruction)
    fused = program.computations.get(instruction.attribute("calls") or "")
    if opcode == "fusion" and fused is not None:
        return _fusion(within, instruction, fused)
    read = sum(_size(_shapes_of(within, name)) for name in set(instruction.operands))
    return read + _size(instruction.shapes)


def _copied(instruction: Instruction) -> int:
    """What goes from the operands to the results of a copy that is waited for later."""
    count = len(instruction.operands)
    if instruction.opcode == "all-reduce-start":
        return 2 * _size(instruction.shapes)
    given, results = instruction.shapes[:count], instruction.shapes[count : 2 * count]
    return sum(
        result.bytes * (bool(_in_memory(source)) + bool(_in_memory(result)))
        for source, result in zip(given, results, strict=False)
    )


def _fusion(within: Computation, instruction: Instruction, fused: Computation) -> int:
    """Operands of which only slices are needed count with those."""
    users = _users(fused)
    total = _written(fused, instruction)
    for inner in fused.instructions.values():
        if inner.opcode != "parameter":
            continue
        given = instruction.operands[int(inner.arguments)]
        whole = _size(_shapes_of(within, given))
        parts = [_read(fused, user, inner.name) for user in users.get(inner.name, ())]
        known = [part for part in parts if part is not None]
        if whole and len(known) == len(parts):
            whole = min(whole, sum(known))
        total += whole
    return total


def _written(fused: Computation, instruction: Instruction) -> int:
    root = fused.instructions[fused.root]
    if root.opcode == "dynamic-update-slice":
        return _size(_shapes_of(fused, root.operands[1]))
    return _size(instruction.shapes)


def _read(fused: Computation, user: Instruction, name: str) -> int | None:
    """What a user needs of a parameter; None for all of it."""
    if user.opcode in ("dynamic-slice", "slice"):
        return _size(user.shapes)
    if user.opcode == "dynamic-update-slice" and user.operands[0] == name:
        return 0
    return None


def _users(fused: Computation) -> Mapping[str, list[Instruction]]:
    users: dict[str, list[Instruction]] = {}
    for instruction in fused.instructions.values():
        for name in instruction.operands:
            users.setdefault(name, []).append(instruction)
    return users


def _shapes_of(computation: Computation, name: str) -> tuple[Shape, ...]:
    return computation.instructions[name].shapes


def _size(shapes: Iterable[Shape]) -> int:
    return sum(map(_in_memory, shapes))


def _in_memory(shape: Shape) -> int:
    return 0 if shape.memory_space == FAST_MEMORY else shape.bytes
