"""The cooperative recogniser: a picture and latents of its patches to an expression.

Source: Latent-OFER, arXiv 2307.11404, and its public code. The picture is the one from
which occlusion was removed; the latents are those of the masked autoencoder's tokens.
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import flax.struct
import jax.numpy as jnp

from face_jax.latent_ofer.image_branch import Classifier, ImageBranch
from face_jax.latent_ofer.latent_branch import (
    PUBLISHED_FEATURES,
    LatentBranch,
    flat_latents,
)
from face_jax.nn.batch_norm import batch_norm, check_folded
from face_jax.nn.layers import Dense
from face_jax.types import Array


@flax.struct.dataclass
class Recognition:
    """What the recogniser finds in B faces.

    Attributes:
      logits: [B, classes] float32.
      features: [B, h, w, C], the trunk's last map.
      attention: [B, C] float32, sum over the heads of the logarithms of their shares;
        at most -K ln K for K heads.
      latent: [B, F] float32, the latent branch's vector; F is 0 without one, and where
        it is folded into the logits.
    """

    logits: Array
    features: Array
    attention: Array
    latent: Array


class Recognizer(nn.Module):
    """Image branch and latent branch, and what joins them.

    Attributes:
      num_classes: number of expressions.
      num_heads: K, of the image branch.
      latent_features: widths of the latent branch; none at all leave the branch out.
      fusion_features: widths of the layers behind the concatenation.
      spatial_hidden: channels of the map that places are judged from.
      channel_hidden: width of the layer that channels are judged from.
      depths: blocks in each stage of the trunk.
      width: channels of the trunk's first stage.
      dtype: type of both branches' computation.
      folded: whether it has the variables that ``folding.fold_recognizer`` makes, with
        one affine map to the logits from attention and latents each; for inference.
    """

    num_classes: int = 7
    num_heads: int = 4
    latent_features: Sequence[int] = PUBLISHED_FEATURES
    fusion_features: Sequence[int] = (256, 128)
    spatial_hidden: int = 256
    channel_hidden: int = 32
    depths: Sequence[int] = (2, 2, 2, 2)
    width: int = 64
    dtype: Any = jnp.float32
    folded: bool = False

    def setup(self) -> None:
        """The two branches and the fusion."""
        self.image_branch = ImageBranch(
            "channel_first",
            self.num_heads,
            self.spatial_hidden,
            self.channel_hidden,
            self.depths,
            self.width,
            self.dtype,
            self.folded,
        )
        if self.folded:
            self.attention_logits = Dense(self.num_classes)
            self.latent_logits = Dense(self.num_classes, use_bias=False)
            return
        if self.latent_features:
            self.latent_branch = LatentBranch(self.latent_features, self.dtype)
        self.fusion = Fusion(self.fusion_features, self.num_classes)

    def __call__(
        self, images: Array, latents: Array | None = None, train: bool = False
    ) -> Recognition:
        """Recognises expressions.

        Args:
          images: [B, H, W, 3] float RGB, normalised by ImageNet's means and deviations;
            published weights are for 224 pixels.
          latents: [B, N, D] float, of the selected tokens in raster order; the number
            of parameters depends on N * D. As published 78 tokens of width 512. None
            where there is no latent branch.
          train: whether batch norms use and follow the batch.

        Returns:
          Logits and what they were made of.

        Raises:
          ValueError: the images are not [B, H, W, 3] or the latents not [B, N, D], or a
            folded recogniser is trained.
        """
        check_folded(self.folded, train)
        if (latents is None) == bool(self.latent_features):
            raise ValueError(
                "latents: expected [B, N, D] for a latent branch and None without one, "
                f"got {'None' if latents is None else list(latents.shape)} for widths "
                f"{list(self.latent_features)}"
            )
        features, heads = self.image_branch(images, train)
        attention = heads.sum(axis=1)
        logits, latent = self._join(attention, latents, train)
        return Recognition(
            logits=logits, features=features, attention=attention, latent=latent
        )

    def _join(
        self, attention: Array, latents: Array | None, train: bool
    ) -> tuple[Array, Array]:
        """Logits of both branches, and the latent branch's vector."""
        latent = attention[:, :0]
        if self.folded:
            logits = self.attention_logits(attention)
            if latents is not None:
                logits += self.latent_logits(flat_latents(latents, self.dtype))
            return logits, latent
        if latents is not None:
            latent = self.latent_branch(latents, train)
        return self.fusion(jnp.concatenate([attention, latent], axis=-1), train), latent


class Fusion(nn.Module):
    """Dense layers without activations, a batch norm, and the classifier.

    Attributes:
      features: widths of the dense layers.
      num_classes: number of classes.
    """

    features: Sequence[int] = (256, 128)
    num_classes: int = 7

    @nn.compact
    def __call__(self, x: Array, train: bool = False) -> Array:
        """Maps [B, C] float32 to logits [B, num_classes] float32."""
        for index, features in enumerate(self.features):
            x = Dense(features, name=f"fusion_{index}")(x)
        x = batch_norm(train, name="fusion_norm")(x)
        return Classifier(self.num_classes, name="classifier")(x, train)
