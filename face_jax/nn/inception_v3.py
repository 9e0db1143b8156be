"""Inception-v3 (arXiv 1512.00567) as FID (arXiv 1706.08500) looks through it.

Channels, kernels and names are torchvision's. Three things are those of the TensorFlow
graph that FID is defined by, and that PyTorch's port of its weights needs: averages of
3 x 3 pixels count none beyond the edge, the last block takes the largest of 3 x 3 where
the others average, and pictures are resized to 299 pixels without a low-pass filter.
"""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from face_jax.nn.batch_norm import batch_norm
from face_jax.nn.checks import check_images
from face_jax.nn.inception_v3_layers import (
    BLOCKS,
    STEM,
    Branches,
    Layer,
    Pool,
    Step,
)
from face_jax.nn.resample import resize_bilinear
from face_jax.types import Array

SIDE = 299
"""Height and width that every picture is resized to."""

EPSILON = 1e-3
"""Added to the variance in every batch norm: TensorFlow's, not PyTorch's."""


class InceptionV3(nn.Module):
    """Pictures to the features that FID compares. Batch norms use stored statistics.

    Attributes:
      channel_divisor: what every number of channels is divided by: 1 is published, and
        up to 16 in powers of two make it small.
    """

    channel_divisor: int = 1

    @nn.compact
    def __call__(self, images: Array) -> Array:
        """Extracts features.

        Args:
          images: [B, H, W, 3] float RGB in [0, 1].

        Returns:
          [B, 2048 / channel_divisor] float32, the mean of the last map over its pixels.

        Raises:
          ValueError: the images are not [B, H, W, 3], or channels cannot be divided so.
        """
        if self.channel_divisor not in (1, 2, 4, 8, 16):
            raise ValueError(
                f"channel_divisor: expected 1, 2, 4, 8 or 16, got {self.channel_divisor}"
            )
        check_images(images, "Inception-v3 input")
        x = 2 * resize_bilinear(images.astype(jnp.float32), (SIDE, SIDE)) - 1
        # Accelerators round the factors of convolutions to fewer digits by default.
        with jax.default_matmul_precision("highest"):
            x = _follow(x, STEM, self.channel_divisor)
            for name, branches in BLOCKS.items():
                x = InceptionBlock(branches, self.channel_divisor, name=name)(x)
        return x.mean(axis=(1, 2))


class InceptionBlock(nn.Module):
    """Branches that see the same map.

    Attributes:
      branches: their steps.
      channel_divisor: see ``InceptionV3``.
    """

    branches: Branches
    channel_divisor: int = 1

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to the joined outputs, [B, H', W', C']."""
        found = [_follow(x, steps, self.channel_divisor) for steps in self.branches]
        return jnp.concatenate(found, axis=-1)


class NormedConv(nn.Module):
    """A convolution, its batch norm and a ReLU.

    Attributes:
      layer: its sizes.
      channel_divisor: see ``InceptionV3``.
    """

    layer: Layer
    channel_divisor: int = 1

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to [B, H', W', features / channel_divisor]."""
        x = nn.Conv(
            self.layer.features // self.channel_divisor,
            self.layer.sides,
            strides=self.layer.stride,
            padding=self.layer.padding,
            use_bias=False,
            kernel_init=nn.initializers.he_uniform(),
            name="conv",
        )(x)
        return nn.relu(batch_norm(epsilon=EPSILON, name="bn")(x))


def _follow(x: Array, steps: Sequence[Step], channel_divisor: int) -> Array:
    """Goes through steps inside the module that is being called."""
    for step in steps:
        if isinstance(step, Pool):
            x = _pool(x, step)
            continue
        layers = (step,) if isinstance(step, Layer) else step
        found = [NormedConv(y, channel_divisor, name=y.name)(x) for y in layers]
        x = jnp.concatenate(found, axis=-1)
    return x


def _pool(x: Array, pool: Pool) -> Array:
    if pool is Pool.HALVE:
        return nn.max_pool(x, (3, 3), strides=(2, 2))
    if pool is Pool.LARGEST:
        return nn.max_pool(x, (3, 3), padding="SAME")
    return nn.avg_pool(x, (3, 3), padding="SAME", count_include_pad=False)
