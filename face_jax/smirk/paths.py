"""The two paths of SMIRK's training, as functions of given draws.

Path 1 makes a photograph again from what the encoders see in it. Path 2 makes one with
another expression, which the encoders must then find. Source: SMIRK, arXiv 2404.04104,
and its public code.
"""

from collections.abc import Mapping
from typing import Any, Literal

import flax.struct
import jax
import jax.numpy as jnp

from face_jax.geometry.head import HeadModel, HeadParameters
from face_jax.losses.pixel import mean_absolute_error
from face_jax.nn.batch_norm import apply_with_statistics
from face_jax.nn.color_changes import DRAWS, change_colors
from face_jax.render import render_mesh
from face_jax.smirk import objectives
from face_jax.smirk.emotion import Distance, emotion_loss
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.masking import (
    EROSION,
    HOLE_RADIUS,
    MaskingDraws,
    mask_photo,
    rendered_mask,
)
from face_jax.smirk.networks import HeadAssets, Networks
from face_jax.smirk.perceptual import perceptual_terms
from face_jax.smirk.projection import ProjectedFace, project_face
from face_jax.types import Array, Batch, Variables

Compat = Literal["fixed", "reference"]
"""``reference`` repeats what the published weights were trained with: encoders that are
not optimised follow the statistics of the batches all the same, and all encoders those of
pictures that the generator made, MICA sees blue and red exchanged, and faces without 68
landmarks a picture of nothing, and black pixels of a drawn face count as background.
``fixed`` does not."""


@flax.struct.dataclass
class Drawing:
    """Faces as they are drawn for the generator.

    Attributes:
      image: float32 [B, S, S, 3] in [0, 1), grey on black.
      covered: bool [B, S, S], where a face is seen.
    """

    image: Array
    covered: Array


@flax.struct.dataclass
class Generated:
    """What the generator is given and what it makes of it.

    Attributes:
      drawing: of the faces.
      masked: float32 [B, S, S, 3], the photographs without their faces.
      image: float32 [B, S, S, 3] in (0, 1), what was made.
    """

    drawing: Drawing
    masked: Array
    image: Array


def colored(batch: Batch) -> Batch:
    """A training batch whose pictures' colours are changed as was drawn for them.

    Args:
      batch: ``image`` uint8 [B, S, S, 3], and draws as ``change_colors`` takes them; a
        batch without any stays as it is.

    Returns:
      The batch without the draws, so that nothing is changed twice.
    """
    rest = {name: array for name, array in batch.items() if name not in DRAWS}
    return {**rest, "image": change_colors(batch["image"], batch)}


def photographs(batch: Batch) -> Array:
    """The pictures of a batch, float32 [B, S, S, 3] RGB in [0, 1]."""
    return jnp.asarray(batch["image"], jnp.float32) / 255.0


def parameter_terms(
    head: HeadModel,
    face: EncodedFace,
    batch: Batch,
    base: HeadParameters | None = None,
    *,
    eyelids_before_skinning: bool = False,
) -> tuple[dict[str, Array], ProjectedFace]:
    """Every term that needs no network, and the projected face.

    Args:
      head: the head model.
      face: of B faces.
      batch: ``landmarks_68`` [B, 68, 2], ``has_landmarks_68`` bool [B] and
        ``landmarks_mediapipe`` [B, 105, 2], the picture is [-1, 1] wide; without
        ``has_landmarks_mediapipe`` bool [B] all have those.
      base: parameters that the estimated ones shall stay near; None for zeros.
      eyelids_before_skinning: see ``pose_head``.

    Returns:
      ``contour``, ``landmarks``, ``expression``, ``jaw`` and ``shape``, scalars, those
      that the face has; and the face in the picture.

    Raises:
      ValueError: the shapes do not fit together.
    """
    projection = project_face(
        head,
        face.head,
        face.camera,
        eyelids_before_skinning=eyelids_before_skinning,
    )
    terms = objectives.landmark_terms(
        projection,
        batch["landmarks_68"],
        batch["has_landmarks_68"],
        batch["landmarks_mediapipe"],
        batch.get("has_landmarks_mediapipe"),
    )
    return terms | objectives.regularization_terms(face.head, base), projection


def picture_terms(
    variables: Variables, made: Array, image: Array, **perceptual: Any
) -> dict[str, Array]:
    """How far made pictures are from photographs.

    Args:
      variables: ``vgg16`` switches the perceptual term on.
      made: [B, S, S, 3] float RGB in [0, 1].
      image: [B, S, S, 3].
      **perceptual: settings of ``perceptual_features``.

    Returns:
      ``reconstruction``, and ``perceptual`` if it is on; scalars.
    """
    terms = {"reconstruction": mean_absolute_error(made, image).mean()}
    if "vgg16" in variables:
        maps = perceptual_terms(variables["vgg16"], made, image, **perceptual)
        terms["perceptual"] = maps.sum()
    return terms


def emotion_term(
    networks: Networks,
    variables: Variables,
    generated: Generated,
    image: Array,
    distance: Distance = "l2",
) -> Array:
    """How far the expression is that a frozen network sees in a picture.

    The generator runs once more, by its stored statistics and as a constant: the
    gradient reaches the encoders alone, through the drawing.

    Args:
      networks: the modules.
      variables: must hold ``generator`` and ``emotion``.
      generated: of the first path.
      image: [B, S, S, 3] float RGB in [0, 1], the photographs.
      distance: see ``emotion.feature_distance``.

    Returns:
      Scalar.
    """
    generator = jax.lax.stop_gradient(variables["generator"])
    inputs = (generated.drawing.image, generated.masked)
    made, _ = apply_with_statistics(networks.generator, generator, *inputs, train=False)
    return emotion_loss(networks.emotion, variables["emotion"], made, image, distance)


def draw_faces(
    assets: HeadAssets, projection: ProjectedFace, camera: Array, image_size: int
) -> Drawing:
    """Draws the part of heads that the generator is shown.

    Args:
      assets: the head.
      projection: of B faces.
      camera: [B, 3].
      image_size: side of the pictures, pixels.
    """
    size = (image_size, image_size)
    rendering = render_mesh(projection.vertices, camera, assets.face, size)
    grey = jnp.repeat(rendering.image, 3, axis=-1)
    return Drawing(grey, rendering.fragments.mask)


def generate(
    networks: Networks,
    generator: Mapping[str, Any],
    batch: Batch,
    drawing: Drawing,
    meshes: tuple[Array, Array],
    draws: MaskingDraws,
    *,
    train: bool,
    compat: Compat = "fixed",
    every_channel: bool = False,
    radius: int = EROSION,
    hole_radius: int = HOLE_RADIUS,
) -> tuple[Generated, Mapping[str, Any]]:
    """Hides the faces of photographs and lets the generator put drawn ones there.

    Args:
      networks: the modules.
      generator: its variables.
      batch: ``image`` uint8 [B, S, S, 3] and ``hull_mask`` [B, S, S].
      drawing: of B faces; gradients reach it.
      meshes: projected vertices [B, V, 3] of the faces in the photographs and of those
        that are drawn, see ``mask_photo``.
      draws: the random choices.
      train: whether the generator's batch norms use and follow the batch.
      compat: what counts as covered by the drawing.
      every_channel: which published rule of it holds, see ``rendered_mask``.
      radius: pixels by which the hidden part reaches beyond the outline.
      hole_radius: pixels that a hole in what is kept reaches beyond its centre.

    Returns:
      What was made, and the generator's collections that changed.
    """
    assets, image = networks.assets, photographs(batch)
    covered = rendered_mask(
        drawing.image,
        every_channel=every_channel,
        alpha=drawing.covered if compat == "fixed" else None,
    )
    masked = mask_photo(
        image,
        batch["hull_mask"],
        covered,
        meshes,
        assets.head.faces,
        assets.region_weights,
        draws,
        radius=radius,
        hole_radius=hole_radius,
    )
    made, changed = apply_with_statistics(
        networks.generator, generator, drawing.image, masked, train=train
    )
    return Generated(drawing, masked, made), changed
