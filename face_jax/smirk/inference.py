"""Faces of pictures with a trained SMIRK model (arXiv 2404.04104), in stages.

>>> model = load("runs/smirk")  # or from_published(weights, head)
>>> faces = encode(model, crops)  # uint8 [B, S, S, 3]
>>> decode(model, faces).landmarks_68.shape == (len(crops), 68, 2)
True
>>> render(model, faces).covered.shape == crops.shape[:3]  # where a face is drawn
True
>>> made = resynthesise(model, crops, faces)  # the generator's pictures
>>> acted = reenact(model, crops[0], first(faces), faces)
>>> acted.image.shape == made.image.shape == crops.shape
True

Pictures are uint8 RGB, S x S pixels, cut out around the face like the training's. Every
function is compiled once for each B; ``temporal.chunks`` brings clips to one B.
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.nn.checks import check_shape
from face_jax.placement import place_rows, seeing
from face_jax.smirk.augment import tile_rows
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.masking import (
    HOLES_FIRST_PATH,
    HOLES_SECOND_PATH,
    MaskingDraws,
    draw_masking,
    hole_share,
)
from face_jax.smirk.model import GENERATOR, Masking, Model, from_published, load
from face_jax.smirk.networks import estimate
from face_jax.smirk.paths import Drawing, Generated, draw_faces, generate
from face_jax.smirk.projection import ProjectedFace, project_face
from face_jax.smirk.surface_sampling import num_points
from face_jax.types import Array

__all__ = [
    "Masking",
    "Model",
    "decode",
    "draw_choices",
    "encode",
    "encode_unrounded",
    "first",
    "from_published",
    "load",
    "reenact",
    "render",
    "resynthesise",
    "take_motion",
]


def encode(model: Model, images: np.ndarray | Array) -> EncodedFace:
    """What the encoders see in pictures.

    Args:
      model: the model.
      images: uint8 [B, S, S, 3].

    Returns:
      B faces; their cameras draw into these pictures.

    Raises:
      ValueError: pictures of another shape or type, or B is not a multiple of the parts
        of the model's sharding; the same holds for all functions here.
    """
    _check_pictures(model, images)
    return _encode(model, place_rows(images, model.rows))


def encode_unrounded(model: Model, pictures: np.ndarray | Array) -> EncodedFace:
    """What the encoders see in pictures that were never rounded to bytes.

    Args:
      model: the model.
      pictures: float32 [B, S, S, 3] in [0, 1].

    Raises:
      ValueError: pictures of another shape or type.
    """
    check_shape("pictures", pictures, ("B", model.image_size, model.image_size, 3))
    if pictures.dtype != np.float32:
        raise ValueError(f"pictures: expected float32, got {pictures.dtype}")
    return _estimate(model, place_rows(pictures, model.rows))


def decode(model: Model, faces: EncodedFace) -> ProjectedFace:
    """Meshes and landmarks of faces.

    Args:
      model: the model.
      faces: B of them.
    """
    return _decode(model, place_rows(faces, model.rows))


def render(model: Model, faces: EncodedFace, size: int | None = None) -> Drawing:
    """Draws faces as the generator is shown them.

    Args:
      model: the model.
      faces: B of them.
      size: side of the pictures in pixels; None for the networks' S. The camera's frame
        is the picture, whatever its size.
    """
    with seeing(model.rows):
        return _render(model, place_rows(faces, model.rows), size or model.image_size)


def resynthesise(
    model: Model,
    images: np.ndarray | Array,
    faces: EncodedFace,
    hull_mask: np.ndarray | Array | None = None,
    draws: MaskingDraws | None = None,
) -> Generated:
    """Makes photographs again from what is seen in them.

    Args:
      model: the model.
      images: uint8 [B, S, S, 3].
      faces: what is seen in them, or what shall be shown at their places.
      hull_mask: [B, S, S], 1 outside of the faces' outlines and 0 inside; None takes
        what the drawn faces cover.
      draws: which pixels the generator is shown; None for ``draw_choices`` without key.

    Raises:
      ValueError: the model has no generator, or arrays have another shape or type.
    """
    _check_generator(model)
    _check_pictures(model, images)
    if hull_mask is not None:
        check_shape("hull_mask", hull_mask, np.shape(images)[:3])
    draws = draws or draw_choices(model, len(images))
    given = place_rows((images, faces, hull_mask, draws), model.rows)
    with seeing(model.rows):
        return _resynthesise(model, *given)


def reenact(
    model: Model,
    image: np.ndarray | Array,
    source: EncodedFace,
    driving: EncodedFace,
    hull_mask: np.ndarray | Array | None = None,
    draws: MaskingDraws | None = None,
    *,
    pose: bool = True,
) -> Generated:
    """Shows a person with the faces that others make.

    Pixels that the photograph lends go where the same points of its face are moved.

    Args:
      model: the model.
      image: uint8 [S, S, 3], photograph of the person.
      source: the face in it, one row.
      driving: B faces.
      hull_mask: [S, S] of the photograph, as for ``resynthesise``.
      draws: of B faces, as for ``resynthesise``.
      pose: whether the head turns too.

    Raises:
      ValueError: as for ``resynthesise``.
    """
    _check_generator(model)
    _check_pictures(model, image[None])
    if hull_mask is not None:
        check_shape("hull_mask", hull_mask, np.shape(image)[:2])
    rows = len(driving.camera)
    draws = draws or draw_choices(model, rows, holes=HOLES_SECOND_PATH)
    driving, draws = place_rows((driving, draws), model.rows)
    with seeing(model.rows):
        return _reenact(model, image, source, driving, hull_mask, draws, pose)


def take_motion(
    source: EncodedFace, driving: EncodedFace, pose: bool = True
) -> EncodedFace:
    """Faces of one person that move like others.

    Args:
      source: the person, one row: identity, camera, and the rotation without ``pose``.
      driving: B faces: expression, jaw, eyelids, and the rotation with ``pose``.
      pose: whether the head turns too. It stays at its place in any case.

    Returns:
      B faces.
    """
    own = tile_rows(source, len(driving.camera))
    pose_params = (driving if pose else own).head.pose_params
    moves = dataclasses.replace(
        driving.head, shape_params=own.head.shape_params, pose_params=pose_params
    )
    return EncodedFace(moves, own.camera)


def draw_choices(
    model: Model,
    rows: int,
    key: Array | None = None,
    holes: float = HOLES_FIRST_PATH,
) -> MaskingDraws:
    """Which pixels of photographs the generator is shown.

    Args:
      model: the model.
      rows: B.
      key: random key; None for the same choices in every row and call, so that the
        pictures of a clip do not flicker.
      holes: published share of the pixels that are centres of holes, see ``masking``.
    """
    count, own = (1, jax.random.key(0)) if key is None else (rows, key)
    side = model.image_size
    points = num_points(model.masking.mask_ratio, side)
    share = hole_share(holes, model.masking.hole_radius)
    draws = _draw(own, count, points, side, share)
    return draws if key is not None else _repeated(draws, rows)


def first(faces: EncodedFace) -> EncodedFace:
    """The first of some faces, as one row."""
    return jax.tree.map(lambda rows: rows[:1], faces)


@jax.jit
def _encode(model: Model, images: Array) -> EncodedFace:
    return _estimate(model, jnp.asarray(images, jnp.float32) / 255.0)


@jax.jit
def _estimate(model: Model, pictures: Array) -> EncodedFace:
    return estimate(model.networks, model.variables, pictures)[0]


@jax.jit
def _decode(model: Model, faces: EncodedFace) -> ProjectedFace:
    return project_face(
        model.head,
        faces.head,
        faces.camera,
        eyelids_before_skinning=model.networks.eyelids_before_skinning,
        folded=model.folded_head,
    )


@functools.partial(jax.jit, static_argnames="size")
def _render(model: Model, faces: EncodedFace, size: int) -> Drawing:
    projection = _decode(model, faces)
    return draw_faces(model.networks.assets, projection, faces.camera, size)


@jax.jit
def _resynthesise(
    model: Model,
    images: Array,
    faces: EncodedFace,
    hull_mask: Array | None,
    draws: MaskingDraws,
) -> Generated:
    drawing = _render(model, faces, model.image_size)
    hull_mask = _outside(drawing) if hull_mask is None else hull_mask
    seen = _decode(model, faces).projected
    return _generate(model, (images, hull_mask), drawing, (seen, seen), draws)


@functools.partial(jax.jit, static_argnames="pose")
def _reenact(
    model: Model,
    image: Array,
    source: EncodedFace,
    driving: EncodedFace,
    hull_mask: Array | None,
    draws: MaskingDraws,
    pose: bool,
) -> Generated:
    faces, side = take_motion(source, driving, pose), model.image_size
    hull_mask = (
        _outside(_render(model, source, side))[0] if hull_mask is None else hull_mask
    )
    seen, moved = (_decode(model, face).projected for face in (source, faces))
    photograph, hull_mask, seen = tile_rows(
        (image[None], hull_mask[None], seen), len(driving.camera)
    )
    drawing = _render(model, faces, side)
    return _generate(model, (photograph, hull_mask), drawing, (seen, moved), draws)


def _generate(
    model: Model,
    photographs: tuple[Array, Array],
    drawing: Drawing,
    meshes: tuple[Array, Array],
    draws: MaskingDraws,
) -> Generated:
    """The generator on photographs with their hull masks; see ``paths.generate``."""
    generated, _ = generate(
        model.networks,
        model.variables[GENERATOR],
        dict(zip(("image", "hull_mask"), photographs, strict=True)),
        drawing,
        meshes,
        draws,
        train=False,
        compat=model.masking.compat,
        radius=model.masking.mask_radius,
        hole_radius=model.masking.hole_radius,
    )
    return generated


def _outside(drawing: Drawing) -> Array:
    """Hull masks [B, S, S] of drawn faces."""
    return 1 - drawing.covered.astype(jnp.float32)


@functools.partial(jax.jit, static_argnums=(1, 2, 3))
def _draw(key: Array, count: int, points: int, side: int, holes: float) -> MaskingDraws:
    return draw_masking(key, count, points, side, holes)


@functools.partial(jax.jit, static_argnums=1)
def _repeated(draws: MaskingDraws, rows: int) -> MaskingDraws:
    return jax.tree.map(lambda row: jnp.repeat(row, rows, axis=0), draws)


def _check_generator(model: Model) -> None:
    if not model.has_generator:
        raise ValueError(
            "this model makes no pictures: its checkpoint has no generator, which the "
            "main stage of training makes (task.pretraining_steps must end before)"
        )


def _check_pictures(model: Model, images: np.ndarray | Array) -> None:
    side = model.image_size
    check_shape("images", images, ("B", side, side, 3))
    if images.dtype != np.uint8:
        raise ValueError(f"images: expected uint8, got {images.dtype}")
