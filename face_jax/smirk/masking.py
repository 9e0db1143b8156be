"""The photograph that the generator is shown: its face hidden but for a few pixels.

Masks are [B, H, W]; ``hull_mask`` is 1 in the background and 0 inside the outline of
the face. Nothing here has a gradient. Source: SMIRK, arXiv 2404.04104, and its public
code.
"""

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from face_jax.nn.checks import check_shape
from face_jax.smirk.surface_sampling import (
    point_pixels,
    sample_surface,
    transfer_pixels,
)
from face_jax.types import Array

EROSION = 10
"""Pixels by which the hidden part reaches beyond the outline of the face."""
HOLE_RADIUS = 5
"""Around every hole's centre 11 x 11 pixels of 224 x 224 are lost."""
NOISE = 0.05
"""Standard deviation of the factor on kept pixels."""
HOLES_FIRST_PATH = 0.01
HOLES_SECOND_PATH = 0.005
"""Share of the pixels that are centres of holes: 70 and 45 % of the kept pixels are
lost, 1 - (1 - p)^121."""


@flax.struct.dataclass
class MaskingDraws:
    """Every random choice of the masking of B pictures.

    Attributes:
      triangles: [B, N] uniform in [0, 1), which triangles points lie in.
      places: [B, N, 2] uniform in [0, 1), where in them.
      noise: [B, H, W, 3] standard normal, of the kept pixels.
      centres: bool [B, H, W], centres of holes.
    """

    triangles: Array
    places: Array
    noise: Array
    centres: Array


def draw_masking(
    key: Array,
    batch_size: int,
    num_points: int,
    image_size: int,
    holes: float = HOLES_FIRST_PATH,
) -> MaskingDraws:
    """Draws the choices.

    Args:
      key: random key.
      batch_size: B.
      num_points: N, see ``surface_sampling.num_points``.
      image_size: side of the pictures.
      holes: share of the pixels that are centres of holes.

    Returns:
      The draws.
    """
    keys = jax.random.split(key, 4)
    pictures = (batch_size, image_size, image_size)
    return MaskingDraws(
        triangles=jax.random.uniform(keys[0], (batch_size, num_points)),
        places=jax.random.uniform(keys[1], (batch_size, num_points, 2)),
        noise=jax.random.normal(keys[2], (*pictures, 3)),
        centres=jax.random.bernoulli(keys[3], holes, pictures),
    )


def hole_share(published: float, hole_radius: int) -> float:
    """Share of centres of holes of another size that lose as many pixels.

    Args:
      published: share of centres of holes of ``HOLE_RADIUS``.
      hole_radius: pixels that a hole reaches beyond its centre.
    """
    if hole_radius == HOLE_RADIUS:
        return published
    areas = [(2 * radius + 1) ** 2 for radius in (HOLE_RADIUS, hole_radius)]
    return 1 - (1 - published) ** (areas[0] / areas[1])


def mask_photo(
    image: Array,
    hull_mask: Array,
    rendered: Array,
    meshes: tuple[Array, Array],
    faces: Array | np.ndarray,
    region_weights: Array | np.ndarray,
    draws: MaskingDraws,
    *,
    radius: int = EROSION,
    hole_radius: int = HOLE_RADIUS,
) -> Array:
    """Hides faces, and keeps pixels at random points of their surface.

    Path 1 keeps them where they are. Path 2 puts them where the same points of the
    surface are under another expression.

    Args:
      image: [B, S, S, 3] in [0, 1].
      hull_mask: [B, S, S].
      rendered: [B, S, S], what the drawn mesh covers, see ``rendered_mask``.
      meshes: two times [B, V, 3], projected vertices of the whole head in the picture
        and in the one to be made; the same twice for path 1.
      faces: [F, 3] int32.
      region_weights: [F].
      draws: the random choices.
      radius: as ``masked_image``.
      hole_radius: likewise.

    Returns:
      [B, S, S, 3] in [0, 1], up to the noise.

    Raises:
      ValueError: the shapes do not fit together.
    """
    check_shape("image", image, ("B", "S", "S", 3))
    source, target = (lax.stop_gradient(mesh) for mesh in meshes)
    check_shape("meshes[1]", target, source.shape)
    points = sample_surface(
        source, faces, region_weights, draws.triangles, draws.places
    )
    kept = transfer_pixels(
        image,
        point_pixels(source, faces, points, image.shape[1]),
        point_pixels(target, faces, points, image.shape[1]),
    )
    return masked_image(
        image,
        hull_mask,
        kept,
        rendered=rendered,
        noise=draws.noise,
        centres=draws.centres,
        radius=radius,
        hole_radius=hole_radius,
    )


def masked_image(
    image: Array,
    hull_mask: Array,
    kept: Array,
    *,
    rendered: Array | None = None,
    noise: Array | None = None,
    centres: Array | None = None,
    radius: int = EROSION,
    hole_radius: int = HOLE_RADIUS,
) -> Array:
    """The background of pictures, with the kept pixels laid over.

    Each channel of a kept pixel counts by itself, as published: where it is zero, the
    background stays.

    Args:
      image: [B, H, W, C] in [0, 1].
      hull_mask: [B, H, W].
      kept: [B, H, W, C], kept pixels, zero elsewhere; see ``transfer_pixels``.
      rendered: [B, H, W], what the drawn mesh covers and shall be hidden too.
      noise: [B, H, W, C] standard normal; None leaves the kept pixels as they are.
      centres: bool [B, H, W], centres of holes in the kept pixels; None for none.
      radius: pixels by which the hidden part reaches beyond the outline.
      hole_radius: pixels that a hole reaches beyond its centre.

    Returns:
      [B, H, W, C], without gradient.

    Raises:
      ValueError: the shapes do not fit together.
    """
    check_shape("image", image, ("B", "H", "W", "C"))
    check_shape("kept", kept, image.shape)
    for name, given in (
        ("hull_mask", hull_mask),
        ("rendered", rendered),
        ("centres", centres),
    ):
        if given is not None:
            check_shape(name, given, image.shape[:3])
    background = erode(hull_mask, radius)
    if rendered is not None:
        background = background * (1 - jnp.asarray(rendered, jnp.float32))
    if noise is not None:
        check_shape("noise", noise, image.shape)
        kept = kept * (1 + NOISE * noise)
    if centres is not None:
        kept = kept * (1 - dilate(centres, hole_radius)[..., None])
    masked = jnp.where(kept > 0, kept, image * background[..., None])
    return lax.stop_gradient(masked)


def rendered_mask(
    picture: Array, *, every_channel: bool = False, alpha: Array | None = None
) -> Array:
    """What a drawn mesh covers.

    Args:
      picture: [B, H, W, C] drawn on black.
      every_channel: False (path 1) counts pixels of which any channel is not zero, True
        (path 2) those of which all are above.
      alpha: bool [B, H, W], where a face is seen (``Fragments.mask``). Given, it is the
        mask; black pixels of the mesh, in full shadow, then count as well.

    Returns:
      float32 [B, H, W], 1 where the mesh is.
    """
    if alpha is not None:
        covered = alpha
    elif every_channel:
        covered = jnp.all(picture > 0, axis=-1)
    else:
        covered = jnp.any(picture != 0, axis=-1)
    return lax.stop_gradient(covered.astype(jnp.float32))


def erode(mask: Array, radius: int) -> Array:
    """Shrinks what is 1 by squares; beyond the border of a picture nothing is 0.

    Args:
      mask: [B, H, W] in [0, 1].
      radius: pixels.

    Returns:
      float32 [B, H, W].
    """
    return 1 - dilate(1 - jnp.asarray(mask, jnp.float32), radius)


def dilate(mask: Array, radius: int) -> Array:
    """Widens what is 1 by squares: the largest of 2 r + 1 values along each axis.

    Args:
      mask: [B, H, W].
      radius: pixels.

    Returns:
      float32 [B, H, W].
    """
    mask, side, pad = jnp.asarray(mask, jnp.float32), 2 * radius + 1, (radius, radius)
    none = (0, 0)
    for window, padding in (
        ((1, side, 1), (none, pad, none)),
        ((1, 1, side), (none, none, pad)),
    ):
        ones = (1, 1, 1)
        mask = lax.reduce_window(mask, -jnp.inf, lax.max, window, ones, padding)
    return mask
