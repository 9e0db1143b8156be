"""LPIPS: learned perceptual similarity of pictures (arXiv 1801.03924).

Without the published weights there is no LPIPS: of torchvision's AlexNet or VGG-16, and
of the five linear layers that were learned from people's judgements. ``face-jax convert
lpips_alex`` and ``lpips_vgg16`` make a checkpoint of them.
"""

from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp

from face_jax.nn.alexnet import AlexNetFeatures
from face_jax.nn.vgg import VggFeatures
from face_jax.types import Array

Backbone = Literal["alex", "vgg16"]

VGG_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
"""Maps of VGG-16 that are compared; of AlexNet all five are."""

NORM_OFFSET = 1e-10
"""Added to the length of a feature vector before it is divided by it."""


class Lpips(nn.Module):
    """The distance of two pictures, 0 where they are equal; lower is more alike.

    Attributes:
      backbone: whose maps are compared, ``alex`` as in most tables or ``vgg16``.
    """

    backbone: Backbone = "alex"

    @nn.compact
    def __call__(self, prediction: Array, target: Array) -> Array:
        """Compares pictures.

        The backbones' normalisation of [0, 1] is LPIPS's own of [-1, 1].

        Args:
          prediction: [B, H, W, 3] float RGB in [0, 1]; AlexNet needs sides of 31 pixels,
            VGG-16 of 16.
          target: [B, H, W, 3].

        Returns:
          [B] float32, at least 0 with the published weights.

        Raises:
          ValueError: the pictures differ in shape or are too small.
        """
        if prediction.shape != target.shape:
            raise ValueError(
                f"LPIPS: expected pictures of one shape, got {list(prediction.shape)} "
                f"and {list(target.shape)}"
            )
        features = self._features()
        # Accelerators round the factors of convolutions to fewer digits by default.
        with jax.default_matmul_precision("highest"):
            maps = zip(features(prediction), features(target), strict=True)
        total = jnp.zeros(len(prediction))
        for index, (ours, theirs) in enumerate(maps):
            squares = jnp.square(_unit(ours) - _unit(theirs))
            weights = self.param(
                f"linear_{index}", nn.initializers.ones, (squares.shape[-1],)
            )
            total += jnp.sum(squares * weights, axis=-1).mean(axis=(1, 2))
        return total

    def _features(self) -> nn.Module:
        if self.backbone == "alex":
            return AlexNetFeatures(name="features")
        if self.backbone == "vgg16":
            return VggFeatures(VGG_LAYERS, "vgg16", name="features")
        raise ValueError(f"backbone: expected alex or vgg16, got {self.backbone!r}")


def _unit(features: Array) -> Array:
    """Feature vectors [..., C] divided by their length; zero stays zero."""
    length = jnp.linalg.norm(features, axis=-1, keepdims=True)
    return features / (length + NORM_OFFSET)
