"""Decoder: the colour of any pixel, from the set latent and the driving face.

Every query pixel is independent of every other. Source: FSRT, arXiv 2404.09736.
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.fsrt.encoding import encode_keypoints, positional_encoding
from face_jax.fsrt.initialization import (
    Initialization,
    check,
    linear_limit,
    relu_limit,
)
from face_jax.nn.attention import CrossAttentionBlock, KeysValues
from face_jax.nn.layers import ConcatDense, Dense, Mlp
from face_jax.types import Array, Form

SMALL_DECODER: dict[str, Any] = {
    "num_heads": 6,
    "mlp_dim": 768,
    "render_hidden": (1536, 768),
}
"""Field overrides of the authors' smaller decoder."""

Memory = tuple[KeysValues, ...]
"""The set latent as keys and values of each decoder block."""


class Decoder(nn.Module):
    """Query pixels attend to the set latent; an MLP renders their colours.

    Attributes:
      input_hidden: hidden width of the input MLP.
      width: width of a query.
      depth: cross-attention blocks.
      num_heads: attention heads.
      head_dim: width of a head.
      mlp_dim: hidden width of the feed-forward parts.
      render_hidden: hidden widths of the MLP that renders.
      pixel_octaves: octaves of the pixel encoding.
      pixel_start_octave: exponent of its lowest octave.
      keypoint_octaves: octaves of the keypoint encoding.
      keypoint_start_octave: exponent of its lowest octave.
      output_bias: mean of the initial bias of the colours; 0.5 starts from grey.
      initialization: how the kernels begin.
      remat: recompute the blocks in the backward pass.
      dtype: type of the computation; encodings, the first layer and the colours are
        float32.
      form: how attention and layers are computed.
    """

    input_hidden: int = 720
    width: int = 480
    depth: int = 2
    num_heads: int = 12
    head_dim: int = 64
    mlp_dim: int = 1536
    render_hidden: Sequence[int] = (1536, 1536, 1536, 1536)
    pixel_octaves: int = 16
    pixel_start_octave: int = -1
    keypoint_octaves: int = 4
    keypoint_start_octave: int = -1
    output_bias: float = 0.0
    initialization: Initialization = "published"
    remat: bool = False
    dtype: Any = jnp.float32
    form: Form = "fast"

    def setup(self):
        """Creates the submodules."""
        check(self.initialization, "decoder")
        block = nn.remat(CrossAttentionBlock) if self.remat else CrossAttentionBlock
        limit, balanced = (
            relu_limit(self.initialization),
            self.initialization == "balanced",
        )
        self.input_layer = ConcatDense(
            self.input_hidden, limit, balanced, form=self.form
        )
        fields = {"dtype": self.dtype, "form": self.form}
        self.input_out = Dense(self.width, kernel_limit=limit, **fields)
        self.blocks = [
            block(
                self.num_heads,
                self.head_dim,
                self.mlp_dim,
                self.width,
                linear_limit(self.initialization),
                self.dtype,
                self.form,
            )
            for _ in range(self.depth)
        ]
        features = (*self.render_hidden, 3)
        self.render = Mlp(features, self.output_bias, self.dtype, self.form)

    def __call__(
        self, set_latent: Array, pixels: Array, keypoints: Array, expression: Array
    ) -> Array:
        """Renders query pixels of driving frames that share one set latent.

        Args:
          set_latent: [B, L, C] of the encoder.
          pixels: pixel coordinates (x, y), [N, 2] for all frames or [B, D, N, 2].
          keypoints: [B, D, K, 2] of the driving frames.
          expression: [B, D, E] of the driving frames.

        Returns:
          RGB [B, D, N, 3] float32, 0 black and 1 white, not clamped.
        """
        return self.decode(self.project(set_latent), pixels, keypoints, expression)

    def project(self, set_latent: Array) -> Memory:
        """Keys and values of the set latent [B, L, C]: once per source person."""
        return tuple(block.project(set_latent) for block in self.blocks)

    def decode(
        self, memory: Memory, pixels: Array, keypoints: Array, expression: Array
    ) -> Array:
        """Renders as ``__call__`` does, from a projected set latent."""
        features = self.query_features(memory, pixels, keypoints, expression)
        return self.render(features)

    def decode_grid(
        self, memory: Memory, x: Array, y: Array, keypoints: Array, expression: Array
    ) -> Array:
        """Renders every pixel of a grid, as ``decode`` does.

        Each channel of a pixel's encoding depends on its column or on its row alone, so
        the first layer multiplies columns and rows, and adds: what it takes for each
        pixel is a sum.

        Args:
          memory: from ``project``.
          x: [W] coordinates of the columns.
          y: [H] coordinates of the rows.
          keypoints: [B, D, K, 2] of the driving frames.
          expression: [B, D, E] of the driving frames.

        Returns:
          RGB [B, D, H, W, 3] float32, not clamped.
        """
        halves = [
            jnp.split(self._encode_pixels(axis[:, None]), 2, axis=-1) for axis in (x, y)
        ]
        columns, rows = (
            [half.reshape(shape) for half in encoded]
            for encoded, shape in zip(
                halves, ((1, 1, 1, len(x), -1), (1, 1, len(y), 1, -1)), strict=True
            )
        )
        # In the order of ``positional_encoding``: sines of x and y, cosines of both.
        pixels = [columns[0], rows[0], columns[1], rows[1]]
        frame, face = self._per_frame(keypoints, expression, axes=2)
        hidden = self.input_layer([frame, *pixels, face])
        return self.render(self._attend(memory, hidden))

    def query_features(
        self, memory: Memory, pixels: Array, keypoints: Array, expression: Array
    ) -> Array:
        """What a query has gathered before its colour is rendered, [B, D, N, width]."""
        frame, face = self._per_frame(keypoints, expression, axes=1)
        hidden = self.input_layer([frame, self._encode_pixels(pixels), face])
        return self._attend(memory, hidden)

    def _attend(self, memory: Memory, hidden: Array) -> Array:
        """All that follows the first layer, [B, D, ..., C] to [B, D, ..., width]."""
        x = self.input_out(nn.relu(hidden))
        shape = x.shape
        x = x.reshape(shape[0], -1, shape[-1])
        for block, keys_values in zip(self.blocks, memory, strict=True):
            x = block(x, keys_values)
        return x.reshape(shape)

    def _encode_pixels(self, pixels: Array) -> Array:
        return positional_encoding(pixels, self.pixel_octaves, self.pixel_start_octave)

    def _per_frame(
        self, keypoints: Array, expression: Array, axes: int
    ) -> tuple[Array, Array]:
        """Encoded keypoints and expression, [B, D, ..., C] with axes for the pixels."""
        keypoints = encode_keypoints(
            keypoints, self.keypoint_octaves, self.keypoint_start_octave
        )
        between = tuple(range(2, 2 + axes))
        return jnp.expand_dims(keypoints, between), jnp.expand_dims(expression, between)
