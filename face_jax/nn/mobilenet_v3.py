"""MobileNetV3 feature extractors (arXiv 1905.02244) in their "minimal" form.

Minimal: no squeeze-and-excitation, ReLU everywhere, depthwise kernels of 3x3 alone. The
sizes, names and constants are those of timm's ``tf_mobilenetv3_*_minimal_100``.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.batch_norm import batch_norm, check_folded
from face_jax.nn.checks import check_images
from face_jax.nn.depthwise import DepthwiseConv
from face_jax.types import Array

Variant = Literal["small", "large", "tiny"]

EPSILON = 1e-3
"""Added to the variance in every batch norm: TensorFlow's, not PyTorch's."""

STEM_FEATURES = 16


class Block(NamedTuple):
    """Sizes of one block.

    Attributes:
      features: number of output channels.
      expanded: channels of the depthwise convolution; None where it works on the
        input itself, without a pointwise convolution before it.
      stride: of the depthwise convolution.
    """

    features: int
    expanded: int | None
    stride: int = 1


@dataclasses.dataclass(frozen=True)
class Architecture:
    """A variant: its stages of blocks, and the channels of the last convolution."""

    stages: Sequence[Sequence[Block]]
    last_features: int


ARCHITECTURES: dict[str, Architecture] = {
    "small": Architecture(
        stages=(
            (Block(16, None, 2),),
            (Block(24, 72, 2), Block(24, 88)),
            (Block(40, 96, 2), Block(40, 240), Block(40, 240)),
            (Block(48, 120), Block(48, 144)),
            (Block(96, 288, 2), Block(96, 576), Block(96, 576)),
        ),
        last_features=576,
    ),
    "large": Architecture(
        stages=(
            (Block(16, None),),
            (Block(24, 64, 2), Block(24, 72)),
            (Block(40, 72, 2), Block(40, 120), Block(40, 120)),
            (Block(80, 240, 2), Block(80, 200), Block(80, 184), Block(80, 184)),
            (Block(112, 480), Block(112, 672)),
            (Block(160, 672, 2), Block(160, 960), Block(160, 960)),
        ),
        last_features=960,
    ),
    "tiny": Architecture(
        stages=(
            (Block(16, None, 2),),
            (Block(24, 48, 2),),
            (Block(32, 96, 2),),
            (Block(48, 96, 2), Block(48, 144)),
        ),
        last_features=96,
    ),
}
"""``small`` and ``large`` are published, ``tiny`` is for tests."""


class MobileNetV3(nn.Module):
    """The feature maps of a MobileNetV3, one for each resolution.

    Attributes:
      variant: a key of ``ARCHITECTURES``.
      dtype: type of the computation.
      folded: whether batch norms are part of the layers before them, see
        ``folding.fold_batch_norms``; for inference.
    """

    variant: Variant = "large"
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, images: Array, train: bool = False) -> tuple[Array, ...]:
        """Extracts features.

        Args:
          images: [B, H, W, 3] float, in whatever range the weights were trained on.
          train: whether batch norms use and follow the statistics of the batch.

        Returns:
          Five maps [B, h, w, C] with h = H/2, H/4, H/8, H/16, H/32, rounded up: the
          last one of each resolution. The fifth has 576 channels in ``small`` and 960 in
          ``large``.

        Raises:
          ValueError: there is no such variant, the images are not [B, H, W, 3], or a
            folded network is trained.
        """
        architecture = find_architecture(self.variant)
        check_folded(self.folded, train)
        check_images(images, "MobileNetV3 input")
        x = nn.Conv(
            STEM_FEATURES,
            (3, 3),
            strides=2,
            padding="SAME",
            use_bias=self.folded,
            kernel_init=_fan_out_normal,
            dtype=self.dtype,
            name="stem",
        )(images)
        maps = [nn.relu(self._norm(x, train, "stem_norm"))]
        for index, blocks in enumerate(architecture.stages):
            x = self._stage(maps[-1], blocks, index, train)
            halved = any(block.stride > 1 for block in blocks)
            maps = [*maps, x] if halved else [*maps[:-1], x]
        last = pointwise(architecture.last_features, self.dtype, "last", self.folded)
        x = nn.relu(self._norm(last(maps[-1]), train, "last_norm"))
        return (*maps[:-1], x)

    def _stage(
        self, x: Array, blocks: Sequence[Block], index: int, train: bool
    ) -> Array:
        for number, block in enumerate(blocks):
            name = f"stage_{index}_block_{number}"
            x = SeparableBlock(*block, dtype=self.dtype, folded=self.folded, name=name)(
                x, train
            )
        return x

    def _norm(self, x: Array, train: bool, name: str) -> Array:
        return x if self.folded else batch_norm(train, EPSILON, self.dtype, name)(x)


class SeparableBlock(nn.Module):
    """Expansion, depthwise convolution and projection, around a residual connection.

    Attributes:
      features: number of output channels.
      expanded: channels of the depthwise convolution, or None without expansion.
      stride: of the depthwise convolution; above 1 there is no residual connection.
      dtype: type of the computation.
      folded: see ``MobileNetV3``.
    """

    features: int
    expanded: int | None
    stride: int = 1
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, inputs: Array, train: bool = False) -> Array:
        """Maps [B, H, W, C] to [B, ceil(H / stride), ceil(W / stride), features]."""
        x = inputs
        if self.expanded is not None:
            x = pointwise(self.expanded, self.dtype, "expand", self.folded)(x)
            x = nn.relu(self._norm(x, train, "expand_norm"))
        x = DepthwiseConv(self.stride, self.dtype, self.folded, name="depthwise")(x)
        x = nn.relu(self._norm(x, train, "depthwise_norm"))
        x = pointwise(self.features, self.dtype, "project", self.folded)(x)
        x = self._norm(x, train, "project_norm")
        return x + inputs if x.shape == inputs.shape else x

    def _norm(self, x: Array, train: bool, name: str) -> Array:
        return x if self.folded else batch_norm(train, EPSILON, self.dtype, name)(x)


def find_architecture(variant: str) -> Architecture:
    """The sizes of a variant.

    Raises:
      ValueError: there is no such variant.
    """
    if variant not in ARCHITECTURES:
        raise ValueError(
            f"variant: expected one of {list(ARCHITECTURES)}, got {variant!r}"
        )
    return ARCHITECTURES[variant]


_fan_out_normal = nn.initializers.variance_scaling(2.0, "fan_out", "normal")
"""MobileNet's initialisation, N(0, sqrt(2 / fan out))."""


def pointwise(features: int, dtype: Any, name: str, use_bias: bool = False) -> nn.Dense:
    """A 1x1 convolution, as the matrix product that it is."""
    return nn.Dense(
        features,
        use_bias=use_bias,
        kernel_init=_fan_out_normal,
        dtype=dtype,
        name=name,
    )
