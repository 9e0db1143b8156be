"""Kernels of support vector methods, with scikit-learn's names and constants."""

import dataclasses
from collections.abc import Callable
from typing import Literal

import jax.numpy as jnp

from face_jax.nn.checks import check_shape
from face_jax.types import Array

Name = Literal["rbf", "linear", "polynomial"]
GammaRule = Literal["scale", "auto"]


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A similarity of vectors; hashable, so that it can be a static argument.

    Attributes:
      name: ``rbf`` exp(-gamma |x - y|^2), ``linear`` x.y, or ``polynomial``
        (gamma x.y + offset)^degree.
      gamma: positive; see ``gamma_of``.
      degree: of the polynomial.
      offset: of the polynomial, coef0.

    Raises:
      ValueError: there is no kernel of this name, or gamma is not positive.
    """

    name: Name = "rbf"
    gamma: float = 1.0
    degree: int = 3
    offset: float = 1.0

    def __post_init__(self):
        if self.name not in _KERNELS:
            raise ValueError(
                f"kernel: expected one of {list(_KERNELS)}, got {self.name!r}"
            )
        if not self.gamma > 0.0:
            raise ValueError(f"gamma: expected a positive number, got {self.gamma}")

    def __call__(self, x: Array, y: Array) -> Array:
        """The matrix [N, M] of vectors [N, D] and [M, D], float."""
        return _KERNELS[self.name](self, x, y)

    def diagonal(self, x: Array) -> Array:
        """Each vector's similarity to itself: of [N, D], [N]."""
        if self.name == "rbf":
            return jnp.ones(len(x), x.dtype)
        squared = jnp.square(x).sum(axis=-1)
        return squared if self.name == "linear" else self._power(squared)

    def _power(self, products: Array) -> Array:
        return (self.gamma * products + self.offset) ** self.degree


def gamma_of(samples: Array, rule: GammaRule = "scale") -> float:
    """The width of a kernel that suits a set; reads the samples, not for use in jit.

    Args:
      samples: [N, D] float.
      rule: ``scale``: 1 / (D * variance over all entries); ``auto``: 1 / D.

    Raises:
      ValueError: there is no such rule, the samples are not [N, D], or all alike.
    """
    check_shape("samples", samples, ("N", "D"))
    width = samples.shape[1]
    if rule == "auto":
        return 1.0 / width
    if rule != "scale":
        raise ValueError(f"gamma: expected 'scale' or 'auto', got {rule!r}")
    variance = float(jnp.var(samples))
    if not variance > 0.0:
        raise ValueError("samples: expected entries that differ, their variance is 0")
    return 1.0 / (width * variance)


def _products(x: Array, y: Array) -> Array:
    return jnp.einsum("nd,md->nm", x, y, precision="highest")


def _rbf(kernel: Kernel, x: Array, y: Array) -> Array:
    squares = jnp.square(x).sum(-1)[:, None] + jnp.square(y).sum(-1)
    return jnp.exp(-kernel.gamma * jnp.maximum(squares - 2.0 * _products(x, y), 0.0))


def _linear(kernel: Kernel, x: Array, y: Array) -> Array:
    return _products(x, y)


def _polynomial(kernel: Kernel, x: Array, y: Array) -> Array:
    return kernel._power(_products(x, y))


_KERNELS: dict[str, Callable[[Kernel, Array, Array], Array]] = {
    "rbf": _rbf,
    "linear": _linear,
    "polynomial": _polynomial,
}
