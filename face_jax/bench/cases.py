"""What can be timed or planned: a computation with the arguments it is given."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from face_jax.train.flops import count_flops

CPU_MATMUL = (2048, 2048, 2048)
ACCELERATOR_MATMUL = (8192, 8192, 8192)
"""Rows, depth and columns of a product that is bound by arithmetic, not by memory."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A computation to time or to plan.

    Attributes:
      name: what it is called, unique in its group.
      function: of ``arguments``; it is compiled with ``jax.jit``, or as it is where it is
        jitted already. It must not donate its arguments, which it gets again and again.
      arguments: arrays and trees of them.
      group: what it belongs to, such as a system; empty for none.
      flops: floating-point operations of one run; None counts those of its matrix products
        and convolutions, see ``face_jax.train.flops.count_flops``.
      pictures: that one run looks at or draws; None where they are not what counts.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    group: str = ""
    flops: float | None = None
    pictures: int | None = None

    def trace(self, arguments: tuple[Any, ...]) -> jax.stages.Traced:
        """The program of one run.

        Args:
          arguments: those of the case as arrays, or their shapes on another device.
        """
        function: Any = self.function
        jitted = function if hasattr(function, "trace") else jax.jit(function)
        return jitted.trace(*arguments)

    def operations(self, traced: jax.stages.Traced) -> float:
        """Floating-point operations of its program, told or counted."""
        return count_flops(traced.jaxpr) if self.flops is None else self.flops


def matmul(shape: Sequence[int] | None = None, dtype: str = "float32") -> Case:
    """A product of random matrices at JAX's default precision.

    Args:
      shape: rows, depth and columns; None takes one that suits the device.
      dtype: type of the factors and of the product.
    """
    if shape is None:
        on_cpu = jax.default_backend() == "cpu"
        shape = CPU_MATMUL if on_cpu else ACCELERATOR_MATMUL
    rows, depth, columns = shape
    left, right = jax.random.split(jax.random.key(0))
    factors = (
        jax.random.normal(left, (rows, depth), jnp.dtype(dtype)),
        jax.random.normal(right, (depth, columns), jnp.dtype(dtype)),
    )
    name = f"matmul {rows} x {depth} x {columns}, {dtype}"
    return Case(name, jnp.matmul, factors)
