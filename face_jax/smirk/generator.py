"""SMIRK's generator: a rendered face and a masked picture to the whole picture.

A U-Net with residual blocks at its lowest resolution. Source: SMIRK, arXiv 2404.04104.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.batch_norm import batch_norm, check_folded
from face_jax.nn.checks import check_images
from face_jax.nn.layers import Conv, fan_in_limit, symmetric_uniform
from face_jax.nn.vit import patchify, unpatchify
from face_jax.types import Array


class Generator(nn.Module):
    """Pictures from a rendering and the pixels that are known.

    Attributes:
      features: channels at full resolution; every level below has twice as many.
      levels: number of halvings.
      residual_blocks: number of residual blocks at the lowest resolution.
      patch: side of the squares of pixels that are one position of the first level, their
        colours its channels; published 1. A CPU makes pictures of twice the side in the
        same time with 2.
      dtype: type of the computation.
      folded: whether batch norms are part of the convolutions before them, see
        ``folding.fold_batch_norms``; for inference.
    """

    features: int = 32
    levels: int = 4
    residual_blocks: int = 5
    patch: int = 1
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, rendered: Array, masked: Array, train: bool = False) -> Array:
        """Generates pictures.

        Args:
          rendered: [B, H, W, 3] float in [0, 1], the shaded face on black.
          masked: [B, H, W, 3] float RGB in [0, 1], the picture without its face but
            for a few pixels.
          train: whether batch norms use and follow the statistics of the batch.

        Returns:
          [B, H, W, 3] float32 RGB in (0, 1).

        Raises:
          ValueError: the inputs are not [B, H, W, 3], their shapes differ, or a side
            is not a multiple of patch * 2**levels or shorter than twice that; the patch
            has no pixel; or a folded network is trained.
        """
        self._check(rendered, masked)
        check_folded(self.folded, train)
        x = jnp.concatenate([rendered, masked], axis=-1)
        batch, height, width, _ = x.shape
        rows, columns = height // self.patch, width // self.patch
        x = patchify(x, self.patch).reshape(batch, rows, columns, -1)
        skips = []
        for level in range(self.levels):
            skips.append(self._block(level, f"encoder_{level}")(x, train))
            x = nn.max_pool(skips[-1], (2, 2), strides=(2, 2))
        x = self._block(self.levels, "bottleneck")(x, train)
        for index in range(self.residual_blocks):
            block = ResidualBlock(self.dtype, self.folded, name=f"residual_{index}")
            x = block(x, train)
        for level in reversed(range(self.levels)):
            features = self._features(level)
            x = UpConv(features, dtype=self.dtype, name=f"up_{level}")(x)
            x = jnp.concatenate([x, skips[level]], axis=-1)
            x = self._block(level, f"decoder_{level}")(x, train)
        logits = Conv(3 * self.patch**2, kernel_size=1, padding=0, name="out")(x)
        patches = logits.reshape(batch, rows * columns, -1)
        return nn.sigmoid(unpatchify(patches, self.patch, rows, columns))

    def _features(self, level: int) -> int:
        return self.features * 2**level

    def _block(self, level: int, name: str) -> "ConvBlock":
        return ConvBlock(self._features(level), self.dtype, self.folded, name=name)

    def _check(self, rendered: Array, masked: Array) -> None:
        if self.patch < 1:
            raise ValueError(f"patch: expected at least 1 pixel, got {self.patch}")
        multiple = self.patch * 2**self.levels
        for name, images in (("rendered", rendered), ("masked", masked)):
            # Two pixels at the lowest resolution: fewer have no reflected border.
            check_images(images, name, multiple=multiple, minimum=2 * multiple)
        if rendered.shape != masked.shape:
            raise ValueError(
                f"masked: expected the shape of rendered, {list(rendered.shape)}, "
                f"got {list(masked.shape)}"
            )


class ConvBlock(nn.Module):
    """Two 3x3 convolutions, each with batch norm and ReLU.

    Attributes:
      features: number of output channels.
      dtype: type of the computation.
      folded: see ``Generator``.
    """

    features: int
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps [B, H, W, C] to [B, H, W, features]."""
        for index in range(2):
            x = Conv(
                self.features,
                use_bias=self.folded,
                dtype=self.dtype,
                name=f"conv_{index}",
            )(x)
            if not self.folded:
                x = batch_norm(train, dtype=self.dtype, name=f"norm_{index}")(x)
            x = nn.relu(x)
        return x


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with reflected borders, added to their input.

    Attributes:
      dtype: type of the computation.
      folded: see ``Generator``.
    """

    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, inputs: Array, train: bool = False) -> Array:
        """Maps [B, H, W, C] to the same shape, H and W at least 2."""
        x = self._layer(inputs, 0, train)
        return inputs + self._layer(nn.relu(x), 1, train)

    def _layer(self, x: Array, index: int, train: bool) -> Array:
        x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
        x = Conv(
            x.shape[-1],
            padding=0,
            use_bias=self.folded,
            dtype=self.dtype,
            name=f"conv_{index}",
        )(x)
        if self.folded:
            return x
        return batch_norm(train, dtype=self.dtype, name=f"norm_{index}")(x)


class UpConv(nn.Module):
    """A transposed 2x2 convolution of stride 2: every pixel becomes four.

    Attributes:
      features: number of output channels.
      dtype: type of the computation.
    """

    features: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to [B, 2 H, 2 W, features]."""
        # PyTorch takes the outputs of a transposed convolution for its fan-in.
        init = symmetric_uniform(fan_in_limit(4 * self.features))
        shape = (2, 2, x.shape[-1], self.features)
        kernel = self.param("kernel", init, shape, jnp.float32).astype(self.dtype)
        bias = self.param("bias", init, (self.features,), jnp.float32)
        batch, height, width, _ = x.shape
        y = jnp.einsum("bijc,pqcf->bipjqf", x.astype(self.dtype), kernel)
        y = y.reshape(batch, 2 * height, 2 * width, self.features)
        return y + bias.astype(self.dtype)
