"""What can be timed: a computation with the arguments it is given."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

CPU_MATMUL = (2048, 2048, 2048)
ACCELERATOR_MATMUL = (8192, 8192, 8192)
"""Rows, depth and columns of a product that is bound by arithmetic, not by memory."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A computation to time.

    Attributes:
      name: what it is called, unique in its group.
      function: of ``arguments``; it is compiled with ``jax.jit``, or as it is where it is
        jitted already. It must not donate its arguments, which it gets again and again.
      arguments: arrays and trees of them.
      group: what it belongs to, such as a system; empty for none.
      flops: floating-point operations of one run; None counts those of its matrix products
        and convolutions, see ``face_jax.train.flops.count_flops``.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    group: str = ""
    flops: float | None = None


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
