"""Discriminators of reconstructed pictures and of their features.

Both score patches, without a sigmoid. Source: Latent-OFER, arXiv 2307.11404, after
coherent semantic attention, arXiv 1905.12384.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.latent_ofer.blocks import convolution, instance_norm, leaky_relu
from face_jax.nn.checks import check_images
from face_jax.types import Array


class ImageDiscriminator(nn.Module):
    """Pictures to one score for each patch.

    Attributes:
      width: channels after the first halving; each further one doubles them.
      halvings: number of convolutions that halve the resolution.
      dtype: type of the computation.
    """

    width: int = 64
    halvings: int = 3
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, images: Array) -> Array:
        """Judges pictures.

        Args:
          images: [B, H, W, 3] float RGB in [-1, 1], H and W divisible by 2**halvings
            and at least three times that.

        Returns:
          [B, H / 2**halvings - 2, W / 2**halvings - 2, 1] float32, 30 x 30 scores for
          256 pixels.

        Raises:
          ValueError: the images are not of such a shape.
        """
        multiple = 2**self.halvings
        check_images(images, "images", multiple=multiple, minimum=3 * multiple)
        x = images
        for index in range(self.halvings + 1):
            x = convolution(
                self.width * 2**index,
                f"conv_{index}",
                side=4,
                stride=2 if index < self.halvings else 1,
                dtype=self.dtype,
            )(x)
            if index > 0:
                x = instance_norm(f"norm_{index}", dtype=self.dtype)(x)
            x = leaky_relu(x)
        return convolution(1, "out", side=4)(x).astype(jnp.float32)


class FeatureDiscriminator(nn.Module):
    """Feature maps to features of patches, each of which counts as a score.

    Attributes:
      width: channels of every layer.
      dtype: type of the computation.
    """

    width: int = 512
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, features: Array) -> Array:
        """Judges features.

        Args:
          features: [B, h, w, C] float, h and w divisible by 8.

        Returns:
          [B, h / 8, w / 8, width] float32.

        Raises:
          ValueError: the features are not of such a shape.
        """
        check_images(features, "features", features.shape[-1], multiple=8)
        for index in range(3):
            conv = convolution(
                self.width, f"conv_{index}", side=4, stride=2, dtype=self.dtype
            )
            features = conv(leaky_relu(features) if index else features)
            if index == 1:
                norm = instance_norm("norm_1", affine=False, dtype=self.dtype)
                features = norm(features)
        return features.astype(jnp.float32)
