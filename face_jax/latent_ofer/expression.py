"""The expression network of pictures alone: DAN (arXiv 2109.07270) and its sibling.

In DAN's own order of attention it is the baseline and what class activation maps are
made of; in the opposite order it judges reconstructions (arXiv 2307.11404, public
code), where the sigmoid of its logits is what the published objective sees.
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import flax.struct
import jax.numpy as jnp

from face_jax.latent_ofer.attention_heads import Order, share_between_heads
from face_jax.latent_ofer.image_branch import Classifier, ImageBranch
from face_jax.types import Array


@flax.struct.dataclass
class ExpressionOutput:
    """What the network finds in B pictures.

    Attributes:
      logits: [B, classes] float32.
      features: [B, h, w, C], the trunk's last map.
      heads: [B, K, C] float32, logarithms of the heads' shares of every channel.
    """

    logits: Array
    features: Array
    heads: Array


class ExpressionNetwork(nn.Module):
    """Pictures to expressions.

    Attributes:
      num_classes: number of expressions.
      order: what the heads weigh first: ``spatial_first`` in DAN, ``channel_first`` in
        the network that judges reconstructions.
      num_heads: K.
      spatial_hidden: channels of the map that places are judged from.
      channel_hidden: width of the layer that channels are judged from.
      depths: blocks in each stage of the trunk.
      width: channels of the trunk's first stage.
      dtype: type of the image branch's computation.
      folded: whether it has the variables that ``folding.fold_expression`` makes; for
        inference.
    """

    num_classes: int = 7
    order: Order = "spatial_first"
    num_heads: int = 4
    spatial_hidden: int = 256
    channel_hidden: int = 32
    depths: Sequence[int] = (2, 2, 2, 2)
    width: int = 64
    dtype: Any = jnp.float32
    folded: bool = False

    def setup(self) -> None:
        """The image branch and the classifier."""
        self.image_branch = ImageBranch(
            self.order,
            self.num_heads,
            self.spatial_hidden,
            self.channel_hidden,
            self.depths,
            self.width,
            self.dtype,
            self.folded,
        )
        self.classifier = Classifier(self.num_classes, self.folded)

    def attend(self, images: Array) -> Array:
        """Maps pictures [B, H, W, 3] to what the heads see, [B, K, h, w, C].

        Batch norms use their stored statistics.
        """
        return self.image_branch.attend(self.image_branch.extract(images))

    def classify(self, attended: Array) -> Array:
        """Maps what ``attend`` returned, [B, K, h, w, C], to logits [B, classes]."""
        heads = share_between_heads(self.image_branch.pool(attended))
        return self.classifier(heads.sum(axis=1))

    def __call__(self, images: Array, train: bool = False) -> ExpressionOutput:
        """Recognises expressions.

        Args:
          images: [B, H, W, 3] float RGB, normalised by ImageNet's means and deviations;
            published weights are for 224 pixels.
          train: whether batch norms use and follow the batch.

        Returns:
          Logits and what training needs besides.

        Raises:
          ValueError: the images are not [B, H, W, 3].
        """
        features, heads = self.image_branch(images, train)
        logits = self.classifier(heads.sum(axis=1), train)
        return ExpressionOutput(logits=logits, features=features, heads=heads)
