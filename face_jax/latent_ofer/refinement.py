"""Reconstruction of what is covered: patches by a transformer, pictures by a CNN.

The masked autoencoder paints covered patches coarsely from the others, then the
generator refines them. Source: Latent-OFER, arXiv 2307.11404.
"""

import dataclasses
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import struct

from face_jax.latent_ofer.generator import ReconstructionGenerator, Refined
from face_jax.latent_ofer.mae import MaskedAutoencoder, Reconstruction
from face_jax.latent_ofer.patches import grid_side
from face_jax.latent_ofer.reconstruction import coarse_images
from face_jax.nn.apply import apply
from face_jax.nn.checks import check_shape
from face_jax.nn.resample import resize_antialiased
from face_jax.types import Array, Variables


@dataclasses.dataclass(frozen=True)
class Refinement:
    """The modules of reconstruction.

    ``variables`` hold ``autoencoder`` and ``generator``.

    Attributes:
      autoencoder: the masked autoencoder.
      generator: the network that refines.
      side: height and width of the pictures that it sees, pixels.
    """

    autoencoder: MaskedAutoencoder
    generator: ReconstructionGenerator
    side: int = 256


class Problem(NamedTuple):
    """What the generator is given.

    Attributes:
      coarse: [B, side, side, 3] float32 in [-1, 1], coarsely painted in the hole. What
        covers the face is nowhere in it: resizing would spread it beyond the hole.
      holes: [B, side, side] bool, what to reconstruct.
    """

    coarse: Array
    holes: Array


@struct.dataclass
class Reconstructed:
    """Both reconstructions of B pictures.

    Attributes:
      coarse: [B, H, H, 3] float32 in [0, 1], by the transformer, outside of the hole
        what was given.
      images: [B, H, H, 3] float32 in [0, 1], refined, likewise.
      tokens: [B, 1 + L, D] the decoder's tokens, the class token first.
    """

    coarse: Array
    images: Array
    tokens: Array


def paint(
    refinement: Refinement, variables: Variables, images: Array, mask: Array
) -> tuple[Array, Reconstruction]:
    """What the autoencoder makes of covered patches.

    Args:
      refinement: the modules.
      variables: of the autoencoder.
      images: [B, H, H, 3] float RGB in [0, 1], of the autoencoder's size.
      mask: bool [B, L], the patches that are covered.

    Returns:
      Coarse pictures [B, H, H, 3] in [0, 1], and all that the autoencoder gave.
    """
    made = apply(refinement.autoencoder, variables["autoencoder"], images, mask)
    return coarse_images(images, made.patches, mask), made


def pose_problem(refinement: Refinement, coarse: Array, mask: Array) -> Problem:
    """Brings pictures to the generator's size and range.

    Args:
      refinement: the modules.
      coarse: [B, H, H, 3] float RGB in [0, 1], of ``paint``.
      mask: bool [B, L], square grids of patches.

    Returns:
      What the generator is given.
    """
    side = refinement.side
    return Problem(to_generator(coarse, side), enlarged_mask(mask, side))


def refine(refinement: Refinement, variables: Variables, problem: Problem) -> Refined:
    """The generator's pictures, not composited."""
    coarse, holes = problem
    return apply(refinement.generator, variables["generator"], coarse, coarse, holes)


def reconstruct(
    refinement: Refinement, variables: Variables, images: Array, mask: Array
) -> Reconstructed:
    """Takes away what covers faces.

    Args:
      refinement: the modules.
      variables: of both networks.
      images: [B, H, H, 3] float RGB in [0, 1], of the autoencoder's size.
      mask: bool [B, L], the patches that are covered.

    Returns:
      Pictures that differ from those given in these patches alone.

    Raises:
      ValueError: shapes do not fit.
    """
    coarse, made = paint(refinement, variables, images, mask)
    problem = pose_problem(refinement, coarse, mask)
    refined = refine(refinement, variables, problem).images
    height = images.shape[1]
    shown = jnp.clip(from_generator(refined, height), 0.0, 1.0)
    hole = enlarged_mask(mask, height)[..., None]
    return Reconstructed(coarse, jnp.where(hole, shown, images), made.tokens)


def to_generator(images: Array, side: int) -> Array:
    """Pictures [B, H, H, 3] in [0, 1] as [B, side, side, 3] in [-1, 1]."""
    return 2.0 * resized(images, side) - 1.0


def from_generator(images: Array, side: int) -> Array:
    """Pictures [B, h, h, 3] in [-1, 1] as [B, side, side, 3] in [0, 1], not clipped."""
    return resized(0.5 * images + 0.5, side)


def resized(images: Array, side: int) -> Array:
    """Pictures [B, H, W, C] as [B, side, side, C], bilinear and without aliasing."""
    size = (side, side)
    return images if images.shape[1:3] == size else resize_antialiased(images, size)


def enlarged_mask(mask: Array, side: int) -> Array:
    """Square grids of patches as masks of pixels.

    Args:
      mask: [B, L].
      side: of the pictures, pixels; any.

    Returns:
      [B, side, side], each pixel as the patch that its centre lies in.

    Raises:
      ValueError: the patches form no square.
    """
    check_shape("mask", mask, ("B", "L"))
    grid = grid_side(mask.shape[1])
    places = ((np.arange(side) + 0.5) * grid / side).astype(int)
    return mask.reshape(-1, grid, grid)[:, places][:, :, places]
