"""The network that refines a coarse reconstruction of what an occluder hides.

A U-Net whose third level fills the features in the hole by self-assembly. Source:
Latent-OFER, arXiv 2307.11404, and its public code.
"""

from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp

from face_jax.latent_ofer.assembly_rules import (
    RULES,
    AssemblyRules,
    Compat,
    check_compat,
)
from face_jax.latent_ofer.blocks import (
    Doubling,
    convolution,
    instance_norm,
    leaky_relu,
    transposed_convolution,
)
from face_jax.latent_ofer.matching import check_holes, feature_holes
from face_jax.latent_ofer.self_assembly import self_assembly
from face_jax.nn.checks import check_images, check_shape
from face_jax.types import Array

ASSEMBLY_LEVEL = 3
"""Level, and number of halvings before it, at which holes are filled."""


class Refined(NamedTuple):
    """What the network makes of B pictures.

    Attributes:
      images: [B, H, W, 3] float32, about [-1, 1]: nothing limits it.
      assembled: [B, H / 8, W / 8, 8 width] float32 features after self-assembly.
      decoded: [B, H / 8, W / 8, 8 width] float32 features that come back to that level
        from those below it.
      holes: [B, H / 8, W / 8] bool, the hole at that level.
    """

    images: Array
    assembled: Array
    decoded: Array
    holes: Array


class ReconstructionGenerator(nn.Module):
    """Pictures with a hole, and a coarse reconstruction of it, to whole pictures.

    Attributes:
      width: a quarter of the channels at half resolution; the lowest levels have
        ``8 * width``.
      levels: number of halvings, at least 4; sides are divisible by ``2**levels``. The
        published network has 8 for pictures of 256 pixels.
      compat: ``reference`` for published weights.
      assembly: how holes are filled; None as ``compat`` says.
      flips_colors: whether mirrored pictures are BGR; None as ``compat`` says.
      residual: whether what the last layer makes is added to what the network was given,
        so that it has only to correct it. The published network makes whole pictures.
      dtype: type of the convolutions' computation; self-assembly is float32.
      folded: whether it has the variables that ``folding.fold_generator`` makes, whose
        transposed convolutions are plain ones; for inference.
    """

    width: int = 64
    levels: int = 8
    compat: Compat = "fixed"
    assembly: AssemblyRules | None = None
    flips_colors: bool | None = None
    residual: bool = False
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, images: Array, coarse: Array, holes: Array) -> Refined:
        """Reconstructs pictures.

        Args:
          images: [B, H, W, 3] float RGB in [-1, 1]; what is in the hole is not seen.
          coarse: [B, H, W, 3], only what is in the hole is seen.
          holes: [B, H, W] bool, what to reconstruct.

        Returns:
          The pictures, not composited with what was given, and features for the
          consistency loss.

        Raises:
          ValueError: inputs are of other shapes or types, or sides not divisible; or a
            field is out of range.
        """
        self._check(images, coarse, holes)
        x = given = network_input(images, coarse, holes, self._flips_colors())
        x = convolution(2 * self.width, "down_0", dtype=self.dtype)(x)
        inner_holes = feature_holes(holes, ASSEMBLY_LEVEL)
        skips, assembled, decoded = [], x, x
        for level in range(1, self.levels):
            skips.append(self._skip(x, level))
            x = Down(self._down_features(level), self.dtype, name=f"down_{level}")(x)
            if level == ASSEMBLY_LEVEL:
                x = assembled = self._assemble(x, inner_holes)
            x = instance_norm(f"down_{level}_norm", dtype=self.dtype)(x)
        skips.append(self._skip(x, self.levels))
        x = Innermost(x.shape[-1], self.dtype, self.folded, name="innermost")(x)
        for level in reversed(range(1, self.levels)):
            decoded = x if level == ASSEMBLY_LEVEL else decoded
            x = jnp.concatenate([x, skips.pop()], axis=-1)
            features = self._up_features(level)
            x = Up(features, self.dtype, self.folded, name=f"up_{level}")(x)
        x = nn.relu(jnp.concatenate([x, skips.pop()], axis=-1))
        x = same_size(3, "up_0", self.dtype, self.folded)(x)
        x = x.astype(jnp.float32)
        x = x + given[..., :3] if self.residual else x
        return Refined(x, assembled, decoded.astype(jnp.float32), inner_holes)

    def _assemble(self, x: Array, holes: Array) -> Array:
        """Fills the hole of the first half of the channels by means of the second."""
        features, flipped = jnp.split(x, 2, axis=-1)
        rules = RULES[self.compat] if self.assembly is None else self.assembly
        return self_assembly(features, flipped, holes, rules)

    def _skip(self, x: Array, level: int) -> Array:
        """What a level gives back beside its result: its input, or half of it."""
        return x[..., : x.shape[-1] // 2] if level <= ASSEMBLY_LEVEL else x

    def _down_features(self, level: int) -> int:
        """Channels before self-assembly, which halves them."""
        return self.width * (2 ** (level + 1) if level <= ASSEMBLY_LEVEL else 8)

    def _up_features(self, level: int) -> int:
        return self.width * (2 ** (level - 1) if level <= ASSEMBLY_LEVEL else 8)

    def _flips_colors(self) -> bool:
        given = self.flips_colors
        return self.compat == "reference" if given is None else given

    def _check(self, images: Array, coarse: Array, holes: Array) -> None:
        if self.levels <= ASSEMBLY_LEVEL:
            raise ValueError(
                f"levels: expected more than {ASSEMBLY_LEVEL}, got {self.levels}"
            )
        check_compat(self.compat)
        for name, given in (("images", images), ("coarse", coarse)):
            check_images(given, name, multiple=2**self.levels)
        check_shape("coarse", coarse, images.shape)
        check_holes(holes, images.shape[:3])


def network_input(
    images: Array, coarse: Array, holes: Array, flips_colors: bool = False
) -> Array:
    """What the network sees.

    Args:
      images: [B, H, W, 3].
      coarse: [B, H, W, 3].
      holes: [B, H, W] bool.
      flips_colors: whether the order of the colours is reversed in mirrored pictures.

    Returns:
      [B, H, W, 12]: the pictures with the coarse ones in the hole, the pictures with
      zeros in the hole, and both mirrored.
    """
    hole = holes[..., None]
    given = [jnp.where(hole, coarse, images), jnp.where(hole, 0.0, images)]
    mirrored = [x[:, :, ::-1] for x in given]
    if flips_colors:
        mirrored = [x[..., ::-1] for x in mirrored]
    return jnp.concatenate([*given, *mirrored], axis=-1)


class Down(nn.Module):
    """To half the resolution, then to the features of the level, without their norm.

    Attributes:
      features: number of output channels.
      dtype: type of the computation.
    """

    features: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to [B, ceil(H / 2), ceil(W / 2), features]."""
        x = halve(x, self.dtype)
        x = leaky_relu(instance_norm("halve_norm", dtype=self.dtype)(x))
        return convolution(self.features, "conv", dtype=self.dtype)(x)


class Innermost(nn.Module):
    """To the lowest resolution and back.

    Attributes:
      features: number of output channels.
      dtype: type of the computation.
      folded: see ``ReconstructionGenerator``.
    """

    features: int
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to [B, H, W, features]; H and W are even."""
        x = nn.relu(halve(x, self.dtype))
        return double(x, self.features, self.dtype, self.folded)


class Up(nn.Module):
    """To the features of the level, then to twice the resolution.

    Attributes:
      features: number of output channels.
      dtype: type of the computation.
      folded: see ``ReconstructionGenerator``.
    """

    features: int
    dtype: Any = jnp.float32
    folded: bool = False

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Maps [B, H, W, C] to [B, 2 H, 2 W, features]."""
        conv = same_size(self.features, "conv", self.dtype, self.folded)
        x = instance_norm("conv_norm", dtype=self.dtype)(conv(nn.relu(x)))
        return double(nn.relu(x), self.features, self.dtype, self.folded)


def halve(x: Array, dtype: Any) -> Array:
    """A module's convolution to half the resolution, after a leaky ReLU."""
    conv = convolution(
        x.shape[-1], "halve", side=4, stride=2, dilation=2, padding=3, dtype=dtype
    )
    return conv(leaky_relu(x))


def same_size(features: int, name: str, dtype: Any, folded: bool) -> nn.Module:
    """A transposed 3x3 convolution of stride 1, which is a convolution."""
    if folded:
        return convolution(features, name, dtype=dtype)
    return transposed_convolution(features, name, side=3, stride=1, dtype=dtype)


def double(x: Array, features: int, dtype: Any, folded: bool) -> Array:
    """A module's transposed convolution to twice the resolution, and its norm."""
    conv: nn.Module = (
        Doubling(features, dtype, name="double")
        if folded
        else transposed_convolution(features, "double", 4, 2, dtype)
    )
    return instance_norm("double_norm", dtype=dtype)(conv(x))
