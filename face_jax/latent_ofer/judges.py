"""The networks that judge reconstructions: two discriminators, VGG-16, expressions.

Source: Latent-OFER, arXiv 2307.11404, and its public code.
"""

import dataclasses
from typing import Any, Literal, get_args

import jax.numpy as jnp

from face_jax.latent_ofer.assembly_rules import Compat, check_compat
from face_jax.latent_ofer.discriminators import FeatureDiscriminator, ImageDiscriminator
from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.latent_ofer.perception import (
    EXPRESSION_SIDE,
    Perceived,
    expression_logits,
    perceive,
    perceive_expression,
)
from face_jax.nn.apply import apply
from face_jax.types import Array, Variables


@dataclasses.dataclass(frozen=True)
class LiveTerms:
    """Which terms have a gradient besides the pictures' own and their discriminator's.

    Attributes:
      consistency: features in the hole are those of the target.
      feature_adversarial: what the discriminator of features says.
      semantic: which expression is seen.
    """

    consistency: bool = True
    feature_adversarial: bool = True
    semantic: bool = True


LIVE: dict[str, LiveTerms] = {
    "fixed": LiveTerms(),
    "reference": LiveTerms(False, False, False),
}
"""The terms with a gradient in both presets."""


Eyes = Literal["vgg16", "expression"]
"""Whose features are compared."""


@dataclasses.dataclass(frozen=True)
class Judges:
    """The networks that judge reconstructions, and how.

    ``variables`` hold ``image_discriminator``, ``feature_discriminator``, ``expression``
    and, where its features are compared, ``vgg16``.

    Attributes:
      image: discriminator of pictures.
      features: discriminator of features.
      expression: the expression network, ``channel_first`` as published.
      expression_side: height and width that it sees, pixels.
      compat: ``reference`` shows pictures as published code does, and compares
        expressions with labels instead of those seen in the target.
      live: terms with a gradient; None as ``compat`` says.
      eyes: ``vgg16`` as published, or ``expression`` where there are no weights of it.
      dtype: type of VGG-16's computation.

    Raises:
      ValueError: ``compat`` or ``eyes`` is not known.
    """

    image: ImageDiscriminator
    features: FeatureDiscriminator
    expression: ExpressionNetwork
    expression_side: int = EXPRESSION_SIDE
    compat: Compat = "fixed"
    live: LiveTerms | None = None
    eyes: Eyes = "vgg16"
    dtype: Any = jnp.float32

    def __post_init__(self) -> None:
        check_compat(self.compat)
        if self.eyes not in get_args(Eyes):
            raise ValueError(
                f"eyes: expected one of {', '.join(get_args(Eyes))}, got {self.eyes!r}"
            )

    @property
    def live_terms(self) -> LiveTerms:
        """The terms with a gradient."""
        return LIVE[self.compat] if self.live is None else self.live

    def image_scores(self, variables: Variables, images: Array) -> Array:
        """Scores [B, h, w, 1] of pictures [B, H, W, 3] in [-1, 1]."""
        return apply(self.image, variables["image_discriminator"], images)

    def perceive(self, variables: Variables, images: Array) -> Perceived:
        """Features of pictures [B, H, W, 3] in [-1, 1]."""
        if self.eyes == "expression":
            return perceive_expression(self.expression, variables["expression"], images)
        return perceive(variables["vgg16"], images, self.compat, self.dtype)

    def feature_scores(self, variables: Variables, perceived: Perceived) -> Array:
        """Scores [B, h, w, C] of features."""
        weights = variables["feature_discriminator"]
        return apply(self.features, weights, perceived.pooled)

    def expression_logits(self, variables: Variables, images: Array) -> Array:
        """Logits [B, classes] of pictures [B, H, W, 3] in [-1, 1]."""
        return expression_logits(
            self.expression,
            variables["expression"],
            images,
            self.compat,
            self.expression_side,
        )
