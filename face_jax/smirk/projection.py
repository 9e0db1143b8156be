"""From a face's parameters to its mesh and landmarks in the picture."""

import flax.struct

from face_jax.geometry.cameras import project_weak_perspective
from face_jax.geometry.folded_head import FoldedHead, pose_folded
from face_jax.geometry.head import (
    HeadModel,
    HeadParameters,
    PosedHead,
    pose_head,
)
from face_jax.geometry.landmarks import landmarks_68, landmarks_mediapipe_105
from face_jax.types import Array


@flax.struct.dataclass
class ProjectedFace:
    """A head as a weak-perspective camera sees it.

    Attributes:
      vertices: [B, V, 3] float32 metres, model space.
      projected: [B, V, 3], x right, y down, z away; the picture is [-1, 1] wide.
      landmarks_68: [B, 68, 2] projected, with the contour that is seen.
      landmarks_105: [B, 105, 2] projected, those of MediaPipe that heads embed.
    """

    vertices: Array
    projected: Array
    landmarks_68: Array
    landmarks_105: Array


def project_face(
    head: HeadModel,
    parameters: HeadParameters,
    camera: Array,
    *,
    eyelids_before_skinning: bool = False,
    folded: FoldedHead | None = None,
) -> ProjectedFace:
    """Poses a head and projects it (SMIRK, arXiv 2404.04104).

    Args:
      head: with landmarks ``static_51``, ``contour_79`` and ``mediapipe_105``.
      parameters: of B faces.
      camera: [B, 3] (s, tx, ty), see ``project_weak_perspective``.
      eyelids_before_skinning: see ``pose_head``.
      folded: the head's directions in one matrix, for inference.

    Returns:
      The face; gradients reach parameters and camera.

    Raises:
      ValueError: the head lacks landmarks, or parameters do not fit it.
    """
    vertices = _pose(head, parameters, folded, eyelids_before_skinning).vertices
    contoured = landmarks_68(head, vertices, parameters)
    inner = landmarks_mediapipe_105(head, vertices)
    return ProjectedFace(
        vertices=vertices,
        projected=project_weak_perspective(vertices, camera),
        landmarks_68=project_weak_perspective(contoured, camera)[..., :2],
        landmarks_105=project_weak_perspective(inner, camera)[..., :2],
    )


def _pose(
    head: HeadModel,
    parameters: HeadParameters,
    folded: FoldedHead | None,
    eyelids_before_skinning: bool,
) -> PosedHead:
    settings = {"eyelids_before_skinning": eyelids_before_skinning}
    if folded is None:
        return pose_head(head, parameters, **settings)
    return pose_folded(folded, head, parameters, **settings)
