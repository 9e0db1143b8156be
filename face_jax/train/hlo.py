"""Reads what XLA prints of a compiled program, as far as plans need it.

An optimised program is a set of computations: the entry, bodies of loops and branches,
and the insides of fusions. What is not understood here is left as text.
"""

import dataclasses
import functools
import math
import re
from collections.abc import Iterator, Mapping

FAST_MEMORY = "1"
"""The memory space that XLA calls so is on the chip: VMEM of TPUs."""


@dataclasses.dataclass(frozen=True)
class Shape:
    """An array, as it is stored.

    Attributes:
      dtype: as HLO has it, such as ``bf16``.
      dimensions: its sizes.
      memory_space: number of the memory that it lies in; empty for the main one.
    """

    dtype: str
    dimensions: tuple[int, ...]
    memory_space: str = ""

    @property
    def elements(self) -> int:
        """How many numbers there are."""
        return math.prod(self.dimensions)

    @property
    def bytes(self) -> int:
        """Their size without padding; tokens and the like have none."""
        return self.elements * _bits(self.dtype) // 8


@dataclasses.dataclass(frozen=True)
class Instruction:
    """One line of a computation.

    Attributes:
      name: unique in its computation.
      opcode: such as ``all-reduce-start``.
      shapes: arrays of its result, those of nested tuples in one row.
      operands: names of its operands.
      arguments: the text in its parentheses.
      attributes: the text behind them.
    """

    name: str
    opcode: str
    shapes: tuple[Shape, ...]
    operands: tuple[str, ...]
    arguments: str
    attributes: str

    def attribute(self, name: str) -> str | None:
        """The computation that an attribute such as ``body`` names."""
        found = re.search(rf"\b{name}=%?([\w.\-]+)", self.attributes)
        return found.group(1) if found else None

    @property
    def source(self) -> str:
        """The operation of the traced program that it comes from."""
        found = re.search(r'op_name="([^"]*)"', self.attributes)
        return found.group(1) if found else ""


@dataclasses.dataclass(frozen=True)
class Computation:
    """Instructions that run one after the other.

    Attributes:
      name: unique in its program.
      instructions: by name, in order.
      root: name of the one whose result is the computation's.
    """

    name: str
    instructions: Mapping[str, Instruction]
    root: str


@dataclasses.dataclass(frozen=True)
class Program:
    """A compiled program.

    Attributes:
      computations: by name.
      entry: name of the one that is called from outside.
    """

    computations: Mapping[str, Computation]
    entry: str


@dataclasses.dataclass(frozen=True)
class Executed:
    """An instruction and how often one call of the program runs it.

    Attributes:
      instruction: the instruction.
      computation: where it is.
      times: loops of a known length count as often as they run, others once; of branches
        each.
      in_fusion: whether its result stays inside of a fusion.
    """

    instruction: Instruction
    computation: Computation
    times: int
    in_fusion: bool


def parse(text: str) -> Program:
    """Reads a program.

    Args:
      text: of ``jax.stages.Compiled.as_text()``.

    Raises:
      ValueError: there is no entry computation in it.
    """
    computations, entry = {}, None
    lines: list[str] = []
    header = ""
    for line in text.splitlines():
        if line.startswith((" ", "\t")):
            lines.append(line)
        elif line.endswith("{") and "->" in line:
            header, lines = line, []
        elif line.startswith("}") and header:
            name = _computation_name(header)
            computations[name] = _computation(name, lines)
            entry = name if header.startswith("ENTRY") else entry
            header = ""
    if entry is None:
        raise ValueError("HLO text: expected an ENTRY computation, found none")
    return Program(computations, entry)


def executed(program: Program) -> Iterator[Executed]:
    """Every instruction that a call of the program runs, the insides of fusions too."""
    yield from _executed(program, program.entry, 1, False)


def loops_of_unknown_length(program: Program) -> int:
    """How many loops are counted once because their length is not to be read."""
    return sum(
        each.instruction.opcode == "while"
        and _trips(program, each.computation, each.instruction) is None
        for each in executed(program)
    )


def _executed(program, name: str, times: int, in_fusion: bool) -> Iterator[Executed]:
    computation = program.computations[name]
    for instruction in computation.instructions.values():
        yield Executed(instruction, computation, times, in_fusion)
        inside, again = in_fusion or instruction.opcode == "fusion", times
        if instruction.opcode == "while":
            again *= _trips(program, computation, instruction) or 1
        for called in _called(instruction):
            if called in program.computations:
                yield from _executed(program, called, again, inside)


def _called(instruction: Instruction) -> tuple[str, ...]:
    """Computations that run as a part of it; not the sums of reductions."""
    opcode = instruction.opcode
    names = {"while": ("body",), "call": ("to_apply",), "conditional": _BRANCHES}
    given = names.get(opcode, ("calls",))
    found = [instruction.attribute(name) for name in given]
    listed = re.search(r"branch_computations=\{([^}]*)\}", instruction.attributes)
    if listed:
        found += re.findall(r"%?([\w.\-]+)", listed.group(1))
    return tuple(name for name in found if name)


_BRANCHES = ("true_computation", "false_computation")


def _trips(program, computation: Computation, loop: Instruction) -> int | None:
    known = re.search(r'known_trip_count"?:\{"?n"?:"?(\d+)', loop.attributes)
    if known:
        return int(known.group(1))
    condition = program.computations.get(loop.attribute("condition") or "")
    if condition is None:
        return None
    test = condition.instructions[condition.root]
    if test.opcode != "compare" or "direction=LT" not in test.attributes:
        return None
    initial = functools.partial(_initial, computation, loop)
    counter, limit = (
        _constant(condition, name, initial=initial) for name in test.operands
    )
    return None if counter is None or limit is None else max(limit - counter, 0)


def _initial(computation: Computation, loop: Instruction, index: int) -> int | None:
    """What a loop's variable is before it."""
    given = computation.instructions[loop.operands[0]]
    if given.opcode != "tuple":
        return None
    return _constant(computation, given.operands[index])


def _constant(computation: Computation, name: str, initial=None) -> int | None:
    instruction = computation.instructions[name]
    if instruction.opcode == "copy":
        return _constant(computation, instruction.operands[0], initial)
    if instruction.opcode == "constant":
        number = re.fullmatch(r"-?\d+", instruction.arguments)
        return int(number.group()) if number else None
    if instruction.opcode == "get-tuple-element" and initial is not None:
        index = re.search(r"index=(\d+)", instruction.attributes)
        return initial(int(index.group(1))) if index else None
    return None


def _computation_name(header: str) -> str:
    return re.sub(r"^ENTRY\s+", "", header).split(" ", 1)[0].lstrip("%")


def _computation(name: str, lines: list[str]) -> Computation:
    instructions, root = {}, ""
    for line in lines:
        instruction = _instruction(line)
        if instruction is not None:
            instructions[instruction.name] = instruction
            root = instruction.name if line.lstrip().startswith("ROOT ") else root
    return Computation(name, instructions, root)


def _instruction(line: str) -> Instruction | None:
    named = re.match(r"\s+(?:ROOT )?%?([\w.\-]+) = ", line)
    if named is None:
        return None
    rest = line[named.end() :]
    end = _closing(rest) if rest.startswith("(") else rest.index(" ")
    result, rest = rest[:end], rest[end:].lstrip()
    opcode = rest[: rest.index("(")]
    rest = rest[len(opcode) :]
    end = _closing(rest)
    arguments = rest[1 : end - 1]
    return Instruction(
        name=named.group(1),
        opcode=opcode,
        shapes=_shapes(result),
        operands=tuple(re.findall(r"%([\w.\-]+)", arguments)),
        arguments=arguments,
        attributes=rest[end:],
    )


def _closing(text: str) -> int:
    """Where the parenthesis that a text begins with is closed, one behind it."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place + 1
    return len(text)


@functools.lru_cache(maxsize=4096)
def _shapes(text: str) -> tuple[Shape, ...]:
    return tuple(
        Shape(dtype, tuple(int(n) for n in sizes.split(",") if n), space or "")
        for dtype, sizes, space in re.findall(
            r"\b([a-z]\w*)\[([\d,<=]*)\](?:\{[^}]*?(?:S\((\d+)\))?\})?", text
        )
    )


def _bits(dtype: str) -> int:
    if dtype == "pred":
        return 8
    number = re.match(r"[a-z]+(\d+)", dtype)
    return int(number.group(1)) if number else 0
