"""What one chip computes in a compiled program."""

import dataclasses
import math
import re

import numpy as np

from face_jax.train.hlo import Computation, Instruction, Program, executed


def compiled_flops(program: Program) -> float:
    """Floating-point operations of a chip's matrix products and convolutions.

    Counted like ``count_flops``, which see; what chips compute over and again because
    nothing divides it among them counts on each. Loops count as often as they run.

    Args:
      program: an optimised program.
    """
    return sum(
        each.times * _flops(each.computation, each.instruction)
        for each in executed(program)
    )


def _flops(within: Computation, instruction: Instruction) -> float:
    if instruction.opcode == "convolution":
        return _convolution(within, instruction)
    return _dot(within, instruction) if instruction.opcode == "dot" else 0.0


def _convolution(within: Computation, instruction: Instruction) -> float:
    """Only what meets a pixel: products of batches are convolutions with wide borders."""
    labels = re.search(r"dim_labels=(\w+)_(\w+)->(\w+)", instruction.attributes)
    if labels is None:
        return 0.0
    inputs, kernels, outputs = labels.groups()
    image, kernel = (_operand(within, instruction, index) for index in (0, 1))
    out = instruction.shapes[0].dimensions
    depth = kernel[kernels.index("i")]
    rows = out[outputs.index("b")] * out[outputs.index("f")]
    meetings = math.prod(
        _meetings(
            image[inputs.index(axis)],
            out[outputs.index(axis)],
            _window(instruction.attributes, int(axis)),
        )
        for axis in sorted(set(outputs) - set("bf"))
    )
    return 2.0 * rows * depth * meetings


@dataclasses.dataclass(frozen=True)
class _Window:
    """A convolution's window along one axis."""

    size: int = 1
    stride: int = 1
    before: int = 0
    spread: int = 1
    steps: int = 1


def _window(attributes: str, axis: int) -> _Window:
    given = re.search(r"window=\{([^}]*)\}", attributes)
    fields = dict(re.findall(r"(\w+)=(\S+)", given.group(1))) if given else {}

    def number(name: str, default: str) -> int:
        values = fields.get(name, "").split("x")
        return int((values[axis] if values != [""] else default).split("_")[0])

    return _Window(
        number("size", "1"),
        number("stride", "1"),
        number("pad", "0_0"),
        number("lhs_dilate", "1"),
        number("rhs_dilate", "1"),
    )


def _meetings(length: int, out: int, window: _Window) -> int:
    """How often a window's places lie on pixels of a row, all its positions together."""
    places = np.arange(window.size) * window.steps - window.before
    found = places + np.arange(out)[:, None] * window.stride
    inside = (found >= 0) & (found <= (length - 1) * window.spread)
    return int((inside & (found % window.spread == 0)).sum())


def _dot(within: Computation, instruction: Instruction) -> float:
    left = _operand(within, instruction, 0)
    found = re.search(r"lhs_contracting_dims=\{([\d,]*)\}", instruction.attributes)
    axes = [int(axis) for axis in found.group(1).split(",") if axis] if found else []
    depth = math.prod(left[axis] for axis in axes)
    return 2.0 * instruction.shapes[0].elements * depth


def _operand(
    within: Computation, instruction: Instruction, index: int
) -> tuple[int, ...]:
    return within.instructions[instruction.operands[index]].shapes[0].dimensions
