"""Masked autoencoders (arXiv 2111.06377): latents of patches, and patches from them.

Latent-OFER (arXiv 2307.11404) uses one network three times: the latents of all patches
tell which are covered, covered ones are painted anew from the others, and tokens of the
decoder help to recognise the expression.

Which patches are masked may differ from picture to picture under the same shapes: every
token stays, and no token attends to masked ones. That equals dropping them, as
published, up to rounding. Where equally many are masked in each picture, as in
training, dropping is cheaper; ``from_kept`` does it.
"""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from flax import struct

from face_jax.latent_ofer.patches import check_mask, normalize
from face_jax.nn.building import build_module
from face_jax.nn.checks import check_shape
from face_jax.nn.vit import (
    TransformerBlock,
    dense,
    layer_norm,
    patchify,
    sincos_positions,
)
from face_jax.types import Array

CHANNELS = 3

SIZES: dict[str, dict[str, int]] = {
    "tiny": {
        "image_size": 64,
        "width": 96,
        "depth": 3,
        "num_heads": 3,
        "decoder_width": 64,
        "decoder_depth": 2,
        "decoder_heads": 4,
    },
    "base": {"width": 768, "depth": 12, "num_heads": 12},
    "large": {"width": 1024, "depth": 24, "num_heads": 16},
}
"""Fields of ``MaskedAutoencoder`` by size; ``tiny`` is for tests, the others are those
that weights are published of."""


@struct.dataclass
class Reconstruction:
    """Everything that one pass yields.

    Attributes:
      latents: [B, 1 + N, width] float, the encoder's output, class token first: all
        patches in raster order, zeros where masked, or the kept ones alone.
      tokens: [B, 1 + L, decoder_width] float, the decoder's output, class token first,
        all patches in raster order.
      patches: [B, L, patch_size ** 2 * 3] float32, predicted pixels of all patches, in
        ImageNet's units as ``normalize`` gives them. A network that was trained on
        normalised patches predicts those.
    """

    latents: Array
    tokens: Array
    patches: Array


class MaskedAutoencoder(nn.Module):
    """A vision transformer and a narrower one that fills in masked patches.

    Pictures are [B, image_size, image_size, 3] float RGB in [0, 1]; L patches lie in
    each, in raster order. Positions are fixed: the collection ``constants`` holds their
    tables, which published checkpoints bring along.

    Attributes:
      image_size: side of the pictures, pixels.
      patch_size: side of a patch, pixels.
      width: of the encoder's tokens.
      depth: blocks of the encoder.
      num_heads: of the encoder.
      decoder_width: of the decoder's tokens.
      decoder_depth: blocks of the decoder.
      decoder_heads: of the decoder.
      mlp_ratio: hidden width of all blocks, as a multiple of their tokens'.
      dtype: type of the computation.
    """

    image_size: int = 224
    patch_size: int = 16
    width: int = 768
    depth: int = 12
    num_heads: int = 12
    decoder_width: int = 512
    decoder_depth: int = 8
    decoder_heads: int = 16
    mlp_ratio: int = 4
    dtype: Any = jnp.float32

    def setup(self):
        """Creates the submodules and tables."""
        if self.image_size % self.patch_size:
            raise ValueError(
                f"image_size: expected a multiple of the patch size {self.patch_size}, "
                f"got {self.image_size}"
            )
        self.patch_embedding = dense(self.width, self.dtype)
        self.class_token = self._learned_token("class_token", self.width)
        self.positions = self._table("positions", self.width)
        self.blocks = self._blocks(self.depth, self.num_heads)
        self.norm = layer_norm(self.dtype)
        self.decoder_embedding = dense(self.decoder_width, self.dtype)
        self.mask_token = self._learned_token("mask_token", self.decoder_width)
        self.decoder_positions = self._table("decoder_positions", self.decoder_width)
        self.decoder_blocks = self._blocks(self.decoder_depth, self.decoder_heads)
        self.decoder_norm = layer_norm(self.dtype)
        self.decoder_out = dense(self.patch_size**2 * CHANNELS, self.dtype)

    @property
    def grid(self) -> int:
        """Patches along each side of a picture."""
        return self.image_size // self.patch_size

    @property
    def num_patches(self) -> int:
        """L, patches of a picture."""
        return self.grid**2

    def __call__(self, images: Array, mask: Array | None = None) -> Reconstruction:
        """Encodes what is not masked and predicts every patch.

        Args:
          images: [B, image_size, image_size, 3] float RGB in [0, 1].
          mask: bool [B, L], the masked patches; none without it.

        Returns:
          Latents, tokens and patches. Pixels of masked patches influence none of them.

        Raises:
          ValueError: the pictures or the mask have another shape, or the mask is not
            boolean.
        """
        latents = self.encode(images, mask)
        return self._reconstruct(latents, self.decode(latents, mask))

    def from_kept(self, images: Array, kept: Array) -> Reconstruction:
        """The same from the numbers of the patches that are not masked.

        Args:
          images: as above.
          kept: int32 [B, K], different numbers in [0, L) in any order.

        Returns:
          Latents of the kept patches in the order given; tokens and patches of all.

        Raises:
          ValueError: the pictures or the numbers have another shape.
        """
        check_shape("kept", kept, (images.shape[0], "K"))
        tokens = jnp.take_along_axis(self._embed(images), kept[..., None], axis=1)
        latents = self._encode_tokens(tokens)
        found = self.project(latents)
        rows = jnp.arange(kept.shape[0])[:, None]
        patches = self._mask_tokens(found).at[rows, kept].set(found[:, 1:])
        tokens = self._decode_tokens(jnp.concatenate([found[:, :1], patches], 1))
        return self._reconstruct(latents, tokens)

    def encode(self, images: Array, mask: Array | None = None) -> Array:
        """Latents [B, 1 + L, width] of pictures; arguments as of ``__call__``."""
        tokens = self._embed(images)
        visible = None if mask is None else self._visible(mask, images.shape[0])
        latents = self._encode_tokens(tokens, visible)
        return latents if visible is None else latents * visible[..., None]

    def decode(self, latents: Array, mask: Array | None = None) -> Array:
        """Tokens [B, 1 + L, decoder_width] of latents in raster order."""
        found = self.project(latents)
        if mask is None:
            return self._decode_tokens(found)
        visible = self._visible(mask, latents.shape[0])
        patches = jnp.where(
            visible[:, 1:, None], found[:, 1:], self._mask_tokens(found)
        )
        return self._decode_tokens(jnp.concatenate([found[:, :1], patches], 1))

    def project(self, latents: Array) -> Array:
        """Latents [B, N, width] to [B, N, decoder_width], what the decoder starts from."""
        return self.decoder_embedding(latents)

    def _embed(self, images: Array) -> Array:
        side = self.image_size
        check_shape("images", images, ("B", side, side, CHANNELS))
        patches = patchify(normalize(images), self.patch_size)
        return self.patch_embedding(patches) + self.positions[1:]

    def _encode_tokens(self, tokens: Array, visible: Array | None = None) -> Array:
        first = self.class_token.astype(self.dtype) + self.positions[:1]
        first = jnp.broadcast_to(first, (tokens.shape[0], *first.shape))
        x = jnp.concatenate([first, tokens], axis=1)
        for block in self.blocks:
            x = block(x, visible)
        return self.norm(x)

    def _decode_tokens(self, tokens: Array) -> Array:
        x = tokens + self.decoder_positions
        for block in self.decoder_blocks:
            x = block(x)
        return self.decoder_norm(x)

    def _reconstruct(self, latents: Array, tokens: Array) -> Reconstruction:
        patches = self.decoder_out(tokens[:, 1:]).astype(jnp.float32)
        return Reconstruction(latents=latents, tokens=tokens, patches=patches)

    def _mask_tokens(self, found: Array) -> Array:
        """[B, L, decoder_width], nothing known about any patch."""
        shape = (found.shape[0], self.num_patches, self.decoder_width)
        return jnp.broadcast_to(self.mask_token.astype(found.dtype), shape)

    def _visible(self, mask: Array, rows: int) -> Array:
        """bool [B, 1 + L], the class token and the patches that are not masked."""
        check_mask(mask, rows, self.num_patches)
        return jnp.pad(~mask, ((0, 0), (1, 0)), constant_values=True)

    def _blocks(self, depth: int, num_heads: int) -> list[TransformerBlock]:
        fields = {"mlp_ratio": self.mlp_ratio, "dtype": self.dtype}
        return [TransformerBlock(num_heads, **fields) for _ in range(depth)]

    def _learned_token(self, name: str, width: int) -> Array:
        return self.param(name, nn.initializers.normal(0.02), (1, width), jnp.float32)

    def _table(self, name: str, width: int) -> Array:
        side = self.grid
        table = self.variable(
            "constants", name, lambda: jnp.asarray(sincos_positions(width, side, side))
        )
        return table.value.astype(self.dtype)


def masked_autoencoder(
    size: str, overrides: Mapping[str, Any] | None = None
) -> MaskedAutoencoder:
    """A masked autoencoder of a known size.

    Args:
      size: ``tiny``, ``base`` or ``large``.
      overrides: other fields by name, as a config gives them.

    Returns:
      The module.

    Raises:
      ValueError: there is no such size or field.
    """
    if size not in SIZES:
        raise ValueError(f"size: expected one of {list(SIZES)}, got {size!r}")
    return build_module(MaskedAutoencoder, SIZES[size], overrides)
