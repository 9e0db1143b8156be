"""SMIRK's second path: the faces of a batch with other expressions.

Source: SMIRK, arXiv 2404.04104, and its public code.
"""

import functools
from collections.abc import Mapping
from typing import Any

import jax

from face_jax.geometry.head import HeadParameters
from face_jax.smirk.augment import augment, tile_rows
from face_jax.smirk.draws import SecondDraws
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.gradients import limit_gradient
from face_jax.smirk.masking import EROSION, HOLE_RADIUS
from face_jax.smirk.networks import Networks
from face_jax.smirk.paths import Compat, Generated, draw_faces, generate
from face_jax.smirk.projection import project_face
from face_jax.smirk.templates import TemplateBank
from face_jax.types import Array, Batch


def exchange(
    networks: Networks,
    generator: Mapping[str, Any],
    batch: Batch,
    face: EncodedFace,
    projected: Array,
    templates: TemplateBank,
    draws: SecondDraws,
    *,
    train: bool,
    copies: int = 1,
    clip_norm: float | None = None,
    spread: float = 1.0,
    bounds: tuple[float, float] | None = None,
    compat: Compat = "fixed",
    radius: int = EROSION,
    hole_radius: int = HOLE_RADIUS,
) -> tuple[HeadParameters, Generated, Mapping[str, Any]]:
    """Gives faces other expressions and lets the generator make their pictures.

    Args:
      networks: the modules.
      generator: its variables.
      batch: ``image`` uint8 [B, S, S, 3] and ``hull_mask`` [B, S, S].
      face: of the first path, B faces; a constant here.
      projected: [B, V, 3], their vertices in the picture.
      templates: expressions to draw from.
      draws: the random choices, for R = B * copies faces.
      train: whether the generator's batch norms use and follow the batch, and its
        gradient is limited.
      copies: other expressions of each face.
      clip_norm: largest norm of the generator's gradient; None for no limit.
      spread: see ``augment``.
      bounds: likewise.
      compat: see ``generate``.
      radius: likewise.
      hole_radius: likewise.

    Returns:
      What the faces were set to, R rows; what was made; and the generator's collections
      that changed.
    """
    tile = functools.partial(tile_rows, copies=copies)
    face = jax.lax.stop_gradient(tile(face))
    wanted = augment(
        face.head, templates, draws.augmentation, spread=spread, bounds=bounds
    )
    projection = project_face(
        networks.assets.on_device(),
        wanted,
        face.camera,
        eyelids_before_skinning=networks.eyelids_before_skinning,
    )
    drawing = draw_faces(networks.assets, projection, face.camera, networks.image_size)
    if train and clip_norm is not None:
        limited = limit_gradient(generator["params"], float(clip_norm))
        generator = {**generator, "params": limited}
    generated, statistics = generate(
        networks,
        generator,
        tile({name: batch[name] for name in ("image", "hull_mask")}),
        drawing,
        (tile(projected), projection.projected),
        draws.masking,
        train=train,
        compat=compat,
        every_channel=True,
        radius=radius,
        hole_radius=hole_radius,
    )
    return wanted, generated, statistics
