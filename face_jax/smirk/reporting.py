"""What evaluators see of SMIRK: faces, pictures, scores, and sheets of pictures."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np

from face_jax import viz
from face_jax.metrics import image as image_metrics
from face_jax.metrics.landmarks import normalized_mean_error
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.measures import outer_eye_distance
from face_jax.smirk.paths import Drawing, Generated, photographs
from face_jax.smirk.projection import ProjectedFace
from face_jax.types import Array, Batch

SHEET_ROWS = 8
"""Most faces on a sheet of pictures."""

COLUMNS = {
    "photograph": "photograph",
    "drawn": "drawn",
    "masked": "masked",
    "image": "made again",
    "other_drawn": "other face",
    "other_image": "made",
}
"""Pictures of a sheet and their titles, those that there are."""


def describe(face: EncodedFace, projection: ProjectedFace) -> dict[str, Array]:
    """Parameters, camera and landmarks of faces, by name; each [B, ...].

    Landmarks are those of the projection: the picture is [-1, 1] wide.
    """
    parameters = {n: v for n, v in vars(face.head).items() if v is not None}
    return {
        **parameters,
        "camera": face.camera,
        "vertices": projection.vertices,
        "landmarks_68": projection.landmarks_68,
        "landmarks_105": projection.landmarks_105,
    }


def of_drawing(drawing: Drawing) -> dict[str, Array]:
    """``drawn`` [B, S, S, 3] and ``covered`` bool [B, S, S]."""
    return {"drawn": drawing.image, "covered": drawing.covered}


def of_generated(made: Generated, other: Generated, rows: int) -> dict[str, Array]:
    """Pictures of both paths, [B, S, S, 3] in [0, 1].

    Args:
      made: of the first path.
      other: of the second, of any number of copies.
      rows: B; the first copy of the second path is taken.
    """
    return {
        **of_drawing(made.drawing),
        "masked": made.masked,
        "image": made.image,
        "other_drawn": other.drawing.image[:rows],
        "other_image": other.image[:rows],
    }


def metrics(batch: Batch, outputs: Mapping[str, Array]) -> dict[str, Array]:
    """Scores of each picture, [B].

    Args:
      batch: an evaluation batch.
      outputs: of the task's ``predict``.

    Returns:
      ``nme``: mean landmark error over the distance between the outer eye corners, of
      the 105 points, and where these are not known of the 68; and with a generator
      ``psnr`` (dB) and ``l1`` of the photographs made again.
    """
    found = {"nme": landmark_error(batch, outputs)}
    if "image" in outputs:
        target = photographs(batch)
        found["psnr"] = image_metrics.psnr(outputs["image"], target)
        found["l1"] = image_metrics.l1(outputs["image"], target)
    return found


def sheet(
    batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Rows of photograph, drawn face and what was made, one for each picture."""
    shown = {"photograph": np.asarray(batch["image"]), **outputs}
    names = [name for name in COLUMNS if name in shown]
    rows = [
        [viz.enlarge(viz.to_uint8(shown[name][row]), 2) for name in names]
        for row in range(min(SHEET_ROWS, len(batch["image"])))
    ]
    return viz.grid(rows, column_titles=[COLUMNS[name] for name in names])


def landmark_error(batch: Batch, outputs: Mapping[str, Array]) -> Array:
    """NME [B] of MediaPipe's 105 landmarks, or of the 68 where those are not known.

    Args:
      batch: ``landmarks_mediapipe`` [B, 105, 2] and ``landmarks_68`` [B, 68, 2], with
        ``has_landmarks_mediapipe`` bool [B] where not all have the former.
      outputs: ``landmarks_105`` and ``landmarks_68``, in the same unit.
    """
    target = batch["landmarks_mediapipe"]
    distances = jnp.linalg.norm(outputs["landmarks_105"] - target, axis=-1)
    inner = distances.mean(axis=-1) / outer_eye_distance(target)
    known = batch.get("has_landmarks_mediapipe")
    if known is None:
        return inner
    outer = normalized_mean_error(outputs["landmarks_68"], batch["landmarks_68"])
    return jnp.where(known, inner, outer)
