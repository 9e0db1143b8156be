"""Encoder: source images with their pose and expression to a set of latent tokens.

Source: FSRT, arXiv 2404.09736.
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.fsrt.encoding import encode_keypoints
from face_jax.fsrt.encoding_conv import EncodingConv
from face_jax.fsrt.initialization import (
    Initialization,
    check,
    linear_limit,
    relu_limit,
)
from face_jax.nn.attention import SelfAttentionBlock
from face_jax.nn.layers import Conv, Dense
from face_jax.types import Array, Form


class Encoder(nn.Module):
    """Patch CNN, then a transformer over the tokens of all source images.

    The tokens are a set: no embedding of the source's index or of the token's place,
    only what every image's own keypoint and pixel encodings tell.

    Attributes:
      patch_channels: output channels of each patch block's two convolutions; a block
        halves the resolution.
      width: width of a token.
      depth: transformer blocks.
      num_heads: attention heads.
      head_dim: width of a head.
      mlp_dim: hidden width of the feed-forward parts.
      pixel_octaves: octaves of the pixel encoding.
      pixel_start_octave: exponent of its lowest octave.
      keypoint_octaves: octaves of the keypoint encoding.
      keypoint_start_octave: exponent of its lowest octave.
      encode_with_expression: whether the expression vector is an input.
      initialization: how the kernels begin.
      remat: recompute the transformer blocks in the backward pass.
      dtype: type of the computation; encodings are float32.
      form: how convolutions, attention and layers are computed.
    """

    patch_channels: Sequence[tuple[int, int]] = ((96, 192), (192, 384), (384, 768))
    width: int = 768
    depth: int = 5
    num_heads: int = 12
    head_dim: int = 64
    mlp_dim: int = 1536
    pixel_octaves: int = 16
    pixel_start_octave: int = -1
    keypoint_octaves: int = 4
    keypoint_start_octave: int = -1
    encode_with_expression: bool = True
    initialization: Initialization = "published"
    remat: bool = False
    dtype: Any = jnp.float32
    form: Form = "fast"

    @nn.compact
    def __call__(self, images: Array, keypoints: Array, expression: Array) -> Array:
        """Encodes the source images of each item together.

        Args:
          images: [B, S, H, W, 3] float in [0, 1].
          keypoints: [B, S, K, 2].
          expression: [B, S, E]; ignored unless ``encode_with_expression``.

        Returns:
          Set latent [B, L, width], L = S * H/8 * W/8 for three patch blocks, the
          tokens of source 0 first, row-major within an image.
        """
        check(self.initialization, "encoder")
        batch = images.shape[0]
        images, keypoints, expression = (
            x.reshape(-1, *x.shape[2:]) for x in (images, keypoints, expression)
        )
        x = self._patches(self._first_convolution(images, keypoints, expression))
        limit = linear_limit(self.initialization)
        linear = Dense(
            self.width,
            kernel_limit=limit,
            dtype=self.dtype,
            form=self.form,
            name="patch_linear",
        )
        return self._transform(linear(x).reshape(batch, -1, self.width))

    def _first_convolution(
        self, images: Array, keypoints: Array, expression: Array
    ) -> Array:
        """The patch CNN's first layer, on images and encodings."""
        keypoints = encode_keypoints(
            keypoints, self.keypoint_octaves, self.keypoint_start_octave
        )
        if not self.encode_with_expression:
            expression = expression[:, :0]
        first = EncodingConv(
            self.patch_channels[0][0],
            self.pixel_octaves,
            self.pixel_start_octave,
            relu_limit(self.initialization),
            self.initialization == "balanced",
            self.form,
            name="patch_0_conv",
        )
        return nn.relu(first(images, keypoints, expression).astype(self.dtype))

    def _patches(self, x: Array) -> Array:
        """The rest of the patch CNN: [B*S, H, W, C] to [B*S, H/8, W/8, C']."""
        for index, (features, features_down) in enumerate(self.patch_channels):
            if index > 0:
                x = nn.relu(self._convolution(features, 1, f"patch_{index}_conv")(x))
            x = nn.relu(self._convolution(features_down, 2, f"patch_{index}_down")(x))
        return x

    def _convolution(self, features: int, stride: int, name: str) -> Conv:
        return Conv(
            features,
            stride=stride,
            use_bias=False,
            kernel_limit=relu_limit(self.initialization),
            dtype=self.dtype,
            form=self.form,
            name=name,
        )

    def _transform(self, x: Array) -> Array:
        block = nn.remat(SelfAttentionBlock) if self.remat else SelfAttentionBlock
        for index in range(self.depth):
            x = block(
                self.num_heads,
                self.head_dim,
                self.mlp_dim,
                linear_limit(self.initialization),
                self.dtype,
                self.form,
                name=f"blocks_{index}",
            )(x)
        return x
