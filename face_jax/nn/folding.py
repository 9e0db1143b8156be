"""Batch norms multiplied into the layers before them, for inference.

With stored statistics a batch norm is a factor and an offset for every channel, and so
is part of a convolution or dense layer before it: the same network but for rounding.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from face_jax.nn.layers import NORM_EPSILON
from face_jax.types import Params

STATISTICS = "batch_stats"

ROWS_AT_ONCE = 2048
"""Of a large matrix that are multiplied in float64."""


def fold_batch_norms(
    variables: Mapping[str, Any],
    epsilon: float = NORM_EPSILON,
    layers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Variables of a network without its norms.

    A norm belongs to the layer of its own module that its name says: ``stem_norm`` to
    ``stem``, ``norm_0`` to ``conv_0`` or ``dense_0``, ``norm`` to ``dense``.

    Args:
      variables: ``{"params": ..., "batch_stats": ...}``; they stay as they are.
      epsilon: added to the variances.
      layers: norms to the layers before them, where names do not say it.

    Returns:
      ``{"params": ...}`` of the same modules with ``folded=True``: float32 numpy
      arrays, multiplied in float64. Layers without a norm are passed on.

    Raises:
      ValueError: a norm has no such layer.
    """
    params, statistics = variables["params"], variables.get(STATISTICS, {})
    return {"params": _Folding(epsilon, layers or {}).fold(params, statistics)}


def fold_norm(
    layer: Params, norm: Params, statistics: Params, epsilon: float = NORM_EPSILON
) -> dict[str, np.ndarray]:
    """One layer with the norm behind it.

    Args:
      layer: ``kernel`` [..., F], and ``bias`` [F] if it has one.
      norm: ``scale`` and ``bias`` [F].
      statistics: ``mean`` and ``var`` [F].
      epsilon: added to the variance.

    Returns:
      ``kernel`` [..., F] and ``bias`` [F], float32.
    """
    scale, offset, mean, variance, kernel = (
        np.asarray(array, np.float64)
        for array in (
            norm["scale"],
            norm["bias"],
            statistics["mean"],
            statistics["var"],
            layer["kernel"],
        )
    )
    factor = scale / np.sqrt(variance + epsilon)
    bias = np.asarray(layer.get("bias", 0.0), np.float64)
    return {
        "kernel": (kernel * factor).astype(np.float32),
        "bias": ((bias - mean) * factor + offset).astype(np.float32),
    }


@dataclasses.dataclass(frozen=True)
class _Folding:
    """What holds for all modules of a network; fields as of ``fold_batch_norms``."""

    epsilon: float
    layers: Mapping[str, str]

    def fold(
        self, params: Params, statistics: Mapping[str, Any], path: str = ""
    ) -> dict[str, Any]:
        """Parameters of the module at ``path``."""
        norms = {n: found for n, found in statistics.items() if "mean" in found}
        norm_of = {self._layer_of(norm, params, path): norm for norm in norms}
        folded: dict[str, Any] = {}
        for name, inner in params.items():
            if name in norm_of:
                norm = norm_of[name]
                given = inner, params[norm], norms[norm]
                folded[name] = fold_norm(*given, self.epsilon)
            elif not isinstance(inner, Mapping):
                folded[name] = np.asarray(inner)
            elif name not in norms:
                found = statistics.get(name, {})
                folded[name] = self.fold(inner, found, f"{path}{name}/")
        return folded

    def _layer_of(self, norm: str, params: Params, path: str) -> str:
        """Name of the layer before a norm."""
        number = norm.removeprefix("norm_")
        named = norm.removesuffix("_norm")
        names = (named, f"conv_{number}", f"dense_{number}", "dense")
        for name in (self.layers.get(norm, named), *names):
            if name != norm and name in params:
                return name
        raise ValueError(f"{path}{norm}: expected a layer before this norm, found none")


def multiply_out(layers: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Dense layers without activations between them, as one.

    Args:
      layers: ``kernel`` [C, F] and ``bias`` [F] of each, in the order of their use.

    Returns:
      ``kernel`` and ``bias`` of the one, float32.
    """
    kernel, bias = (np.asarray(layers[-1][n], np.float64) for n in ("kernel", "bias"))
    for layer in reversed(layers[:-1]):
        bias = np.asarray(layer["bias"], np.float64) @ kernel + bias
        kernel = _product(np.asarray(layer["kernel"]), kernel)
    return {"kernel": kernel.astype(np.float32), "bias": bias.astype(np.float32)}


def _product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """In float64, of which ``left``, which may be large, has no whole copy."""
    parts = range(0, len(left), ROWS_AT_ONCE)
    rows = [left[start : start + ROWS_AT_ONCE] for start in parts]
    return np.concatenate([np.asarray(part, np.float64) @ right for part in rows])
