"""The recogniser's latent branch (arXiv 2307.11404, public code).

It has no activation: dense layers and batch norms alone. In inference it is part of one
affine map to the logits, see ``folding``.
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.batch_norm import batch_norm
from face_jax.nn.checks import check_shape
from face_jax.nn.layers import Dense
from face_jax.types import Array

PUBLISHED_FEATURES = (10000, 5000, 1024, 256)


class LatentBranch(nn.Module):
    """Latents of a face's tokens to one vector; a batch norm after every second layer.

    Attributes:
      features: widths of the dense layers.
      dtype: type of the computation.
    """

    features: Sequence[int] = PUBLISHED_FEATURES
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, latents: Array, train: bool = False) -> Array:
        """Maps latents [B, N, D] of N tokens to [B, features[-1]] float32.

        Raises:
          ValueError: the latents are not [B, N, D].
        """
        x = flat_latents(latents, self.dtype)
        for index, features in enumerate(self.features):
            x = Dense(features, dtype=self.dtype, name=f"dense_{index}")(x)
            if index % 2:
                x = batch_norm(train, dtype=self.dtype, name=f"norm_{index}")(x)
        return x.astype(jnp.float32)


def flat_latents(latents: Array, dtype: Any = jnp.float32) -> Array:
    """Latents [B, N, D] as [B, N * D].

    Raises:
      ValueError: they are not [B, N, D].
    """
    check_shape("latents", latents, ("B", "N", "D"))
    return latents.reshape(latents.shape[0], -1).astype(dtype)
