"""What a program computes, counted from its own text: the same number on every device."""

import math
from collections.abc import Iterator
from typing import Any

Equation = Any
"""An equation of a jaxpr."""


def count_flops(jaxpr: Any) -> float:
    """Floating-point operations of a program's matrix products and convolutions.

    All else is left out, as is usual where a model's utilisation is told. A product of
    [M, K] and [K, N] is 2 M K N operations. Scans count as often as they run, of branches
    the longest one, and the body of a ``while`` loop once. What is computed again in a
    backward pass counts again. Zeros that a convolution puts between pixels do not count.

    Args:
      jaxpr: of the program, such as ``jax.jit(function).trace(*arguments).jaxpr``.
    """
    return sum(_equation(equation) for equation in _inner(jaxpr).eqns)


def _equation(equation: Equation) -> float:
    name, parameters = equation.primitive.name, equation.params
    if name == "dot_general":
        return _dot(equation)
    if name == "conv_general_dilated":
        return _convolution(equation)
    within = [count_flops(jaxpr) for jaxpr in _jaxprs(parameters)]
    if name == "cond":
        return max(within)
    return _repetitions(name, parameters) * sum(within)


def _dot(equation: Equation) -> float:
    left = equation.invars[0].aval.shape
    (contracted, _), _ = equation.params["dimension_numbers"]
    depth = math.prod(left[axis] for axis in contracted)
    return 2.0 * equation.outvars[0].aval.size * depth


def _convolution(equation: Equation) -> float:
    parameters, kernel = equation.params, equation.invars[1].aval.shape
    out_features = kernel[parameters["dimension_numbers"].rhs_spec[0]]
    depth = math.prod(kernel) / out_features / math.prod(parameters["lhs_dilation"])
    return 2.0 * equation.outvars[0].aval.size * depth


def _repetitions(name: str, parameters: dict[str, Any]) -> int:
    if name == "scan":
        return parameters["length"]
    # The program of one device.
    return parameters["mesh"].size if name == "shard_map" else 1


def _jaxprs(parameters: dict[str, Any]) -> Iterator[Any]:
    for value in parameters.values():
        for each in value if isinstance(value, tuple | list) else (value,):
            if hasattr(_inner(each), "eqns"):
                yield each


def _inner(jaxpr: Any) -> Any:
    return getattr(jaxpr, "jaxpr", jaxpr)
