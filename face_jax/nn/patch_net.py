"""A convolutional network that begins with patches, for small pictures on few cores.

The plan is ConvNeXt's (arXiv 2201.03545): patches, depthwise convolutions, a wide layer
inside each residual block. Norms are of the batch, kernels are 3x3 and the activation is
ReLU, which cost less. Where MobileNetV3 spends its time on maps of half the picture's
resolution and on three norms in each block, here most of it are matrix products, which a
CPU is fast at.
"""

from typing import Any, Final, Literal

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.batch_norm import batch_norm, check_folded
from face_jax.nn.checks import check_images
from face_jax.nn.depthwise import DepthwiseConv
from face_jax.nn.patch_convolution import PatchConv
from face_jax.types import Array

PATCH = 4
"""Side of the cells of the first map, pixels."""

REACH = 7
"""Side of what each of these cells sees, pixels."""

MIDDLE = 0.5
"""Of the range of colours; taken from them."""

EXPANSION = 3
"""Width of the layer inside a block, in widths of the block."""

SMALL = 0.2
"""Variance that a block adds at the start, of what it is given."""


PatchVariant = Literal["patches", "patches_small"]
"""Names of networks of this kind."""

WIDTHS: Final[dict[str, tuple[int, ...]]] = {
    "patches": (32, 64, 128),
    "patches_small": (24, 48, 96),
}
"""Channels of each map; the small one has little more than half the multiplications."""


class PatchNet(nn.Module):
    """The feature maps of pictures, one for each resolution.

    Attributes:
      widths: channels of each map.
      depths: blocks on each map.
      epsilon: added to the variance in every norm.
      dtype: type of the computation.
      folded: whether batch norms are part of the layers before them, see
        ``folding.fold_batch_norms``; for inference.
    """

    widths: tuple[int, ...] = WIDTHS["patches"]
    depths: tuple[int, ...] = (1, 3, 3)
    epsilon: float = 1e-3
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, images: Array, train: bool = False) -> tuple[Array, ...]:
        """Extracts features.

        Args:
          images: [B, H, W, 3] float RGB in [0, 1].
          train: whether batch norms use and follow the statistics of the batch.

        Returns:
          As many maps [B, h, w, C] as there are widths, with h = H/4, H/8, H/16 and so
          on, rounded up.

        Raises:
          ValueError: the images are not [B, H, W, 3], or a folded network is trained.
        """
        check_folded(self.folded, train)
        check_images(images, "PatchNet input")
        x, maps = images - MIDDLE, []
        for index, (width, depth) in enumerate(
            zip(self.widths, self.depths, strict=True)
        ):
            x = self._shrink(x, width, index, train)
            for number in range(depth):
                x = Block(
                    epsilon=self.epsilon,
                    dtype=self.dtype,
                    folded=self.folded,
                    name=f"stage_{index}_block_{number}",
                )(x, train)
            maps.append(x)
        return tuple(maps)

    def _shrink(self, x: Array, width: int, index: int, train: bool) -> Array:
        """The first layer of a stage: patches of the picture, or of the map before."""
        side, stride = (2, 2) if index else (REACH, PATCH)
        name = f"shrink_{index}"
        x = PatchConv(width, side, stride, self.dtype, self.folded, name=name)(x)
        if self.folded:
            return x
        return batch_norm(train, self.epsilon, self.dtype, f"{name}_norm")(x)


class Block(nn.Module):
    """Depthwise convolution, norm and two dense layers, around a residual connection.

    Attributes:
      epsilon: see ``PatchNet``, as the others.
      dtype: type of the computation.
      folded: whether the norm is part of the convolution.
    """

    epsilon: float = 1e-3
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, inputs: Array, train: bool = False) -> Array:
        """Maps [B, H, W, C] to the same shape."""
        width = inputs.shape[-1]
        x = DepthwiseConv(1, self.dtype, self.folded, name="depthwise")(inputs)
        if not self.folded:
            x = batch_norm(train, self.epsilon, self.dtype, "depthwise_norm")(x)
        # A CPU is slower at everything between two products where maps have four axes.
        x = x.reshape(-1, width)
        x = nn.relu(nn.Dense(EXPANSION * width, dtype=self.dtype, name="expand")(x))
        small = nn.initializers.variance_scaling(SMALL, "fan_in", "normal")
        dense = nn.Dense(width, kernel_init=small, dtype=self.dtype, name="project")
        return inputs + dense(x).reshape(inputs.shape)
