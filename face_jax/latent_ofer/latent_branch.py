"""The recogniser's latent branch (arXiv 2307.11404, public code), and its shortcut.

The branch has no activation: dense layers and batch norms alone. In inference it is one
affine map, 45 times smaller at the published sizes, which ``fold`` computes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from face_jax.nn.batch_norm import batch_norm
from face_jax.nn.checks import check_shape
from face_jax.nn.layers import NORM_EPSILON, Dense
from face_jax.types import Array

PUBLISHED_FEATURES = (10000, 5000, 1024, 256)


class LatentBranch(nn.Module):
    """Latents of a face's tokens to one vector; a batch norm after every second layer.

    Attributes:
      features: widths of the dense layers.
      folded: whether it is the one affine map that ``fold`` makes of them; batch norms
        are part of it, so it cannot be trained as the layers are.
      dtype: type of the computation.
    """

    features: Sequence[int] = PUBLISHED_FEATURES
    folded: bool = False
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, latents: Array, train: bool = False) -> Array:
        """Maps latents [B, N, D] of N tokens to [B, features[-1]] float32.

        Raises:
          ValueError: the latents are not [B, N, D], or a folded branch is trained.
        """
        check_shape("latents", latents, ("B", "N", "D"))
        x = latents.reshape(latents.shape[0], -1)
        if self.folded:
            if train:
                raise ValueError("folded: expected False in training, got True")
            return self._dense(x, self.features[-1], "affine").astype(jnp.float32)
        for index, features in enumerate(self.features):
            x = self._dense(x, features, f"dense_{index}")
            if index % 2:
                x = batch_norm(train, dtype=self.dtype, name=f"norm_{index}")(x)
        return x.astype(jnp.float32)

    def _dense(self, x: Array, features: int, name: str) -> Array:
        return Dense(features, dtype=self.dtype, name=name)(x)


def fold(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Multiplies a trained branch out.

    Args:
      variables: of a ``LatentBranch``, ``{"params": ..., "batch_stats": ...}``.

    Returns:
      ``{"params": ...}`` of the folded one, float32 numpy arrays: the same up to
      rounding where batch norms use their stored statistics.
    """
    params = variables["params"]
    layers = sum(name.startswith("dense_") for name in params)
    kernel, bias = _affine(variables, layers - 1)
    for index in reversed(range(layers - 1)):
        before, offset = _affine(variables, index)
        kernel, bias = before @ kernel, offset @ kernel + bias
    return {"params": {"affine": {"kernel": kernel, "bias": bias}}}


def _affine(variables: Mapping[str, Any], index: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel [C, F] and bias [F] of a dense layer and the norm behind it, if any."""
    layer = variables["params"][f"dense_{index}"]
    kernel, bias = np.asarray(layer["kernel"]), np.asarray(layer["bias"])
    name = f"norm_{index}"
    if name not in variables["params"]:
        return kernel, bias
    norm, statistics = variables["params"][name], variables["batch_stats"][name]
    scale = norm["scale"] / np.sqrt(np.asarray(statistics["var"]) + NORM_EPSILON)
    scale = np.asarray(scale, np.float32)
    return kernel * scale, (bias - statistics["mean"]) * scale + norm["bias"]
