"""Estimates of SMIRK (arXiv 2404.04104) against heads whose every parameter is known.

Of real people nobody knows the head. Of rendered people it is known, and an estimate can
be compared with it part by part: identity, expression, pose.
"""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import HeadModel, HeadParameters, pose_head
from face_jax.geometry.landmarks import landmarks_mediapipe_105, surface_points
from face_jax.metrics.landmarks import normalized_mean_error
from face_jax.metrics.rotations import rotation_angle
from face_jax.metrics.vertices import procrustes_error, translation_aligned_error
from face_jax.smirk import inference
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.measures import face_measures, outer_eye_distance
from face_jax.smirk.model import Model
from face_jax.smirk.projection import project_face
from face_jax.temporal.chunks import in_batches
from face_jax.types import Array

ERRORS = {
    "landmarks_105": "105 landmarks, % of the eyes' distance",
    "landmarks_68": "68 landmarks, % of the eyes' distance",
    "vertices": "face, neutral pose, mm",
    "vertices_relative": "face, neutral pose, % of the eyes' distance",
    "vertices_similarity": "face, neutral pose, up to size and turn, mm",
    "identity": "identity alone, mm",
    "expression": "expression alone, mm",
    "posed": "face, posed, mm",
    "rotation": "rotation of the head, degrees",
}
"""What is wrong with an estimate, each with its unit.

Millimetres are mean distances of the vertices of the region ``face`` of the head model,
after the translation that suits them best (``vertices_similarity``: also the rotation
and size). ``vertices`` have identity and expression but no rotation of the head,
``posed`` have it too. ``identity`` is the neutral face; ``expression`` that on the mean
head. The eyes' distance is that of the outer corners, in the picture for landmarks and
on the true neutral head for vertices.
"""


@flax.struct.dataclass
class KnownHeads:
    """Pictures of N heads with the truth, in a model's crops.

    Attributes:
      images: uint8 [N, S, S, 3].
      faces: parameters and cameras; ``project_face`` takes them to the landmarks.
      landmarks_68: float32 [N, 68, 2], the picture is [-1, 1] wide as in training.
      landmarks_105: float32 [N, 105, 2].
      identity: int32 [N], numbers of the persons.
    """

    images: Array
    faces: EncodedFace
    landmarks_68: Array
    landmarks_105: Array
    identity: Array

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: np.ndarray) -> "KnownHeads":
        """Those of some rows, in the given order."""
        return jax.tree.map(lambda values: values[rows], self)


def encode_all(model: Model, images: np.ndarray | Array) -> EncodedFace:
    """What a model sees in any number of pictures, on the host.

    Args:
      model: the model.
      images: uint8 [N, S, S, 3].

    Raises:
      ValueError: pictures of another shape or type.
    """
    return in_batches(lambda rows: inference.encode(model, rows), images)


def errors(
    model: Model, estimates: EncodedFace, known: KnownHeads
) -> dict[str, np.ndarray]:
    """How far estimates are from the truth, picture by picture.

    Args:
      model: gives the head and its face region.
      estimates: N faces.
      known: the N heads.

    Returns:
      By the names of ``ERRORS``, in the units told there, float32 [N].
    """
    return in_batches(lambda *rows: _errors(model, *rows), estimates, known)


def measures(model: Model, faces: EncodedFace) -> dict[str, np.ndarray]:
    """``face_measures`` of N faces, float32 [N] each."""
    return in_batches(lambda rows: _measures(model, rows), faces)


def moved_landmarks(
    head: HeadModel, expressions: np.ndarray, scale: float, size: int
) -> np.ndarray:
    """How far each direction of expression moves the landmark that it moves most.

    Args:
      head: with landmarks ``full_68`` or ``static_51``, and ``mediapipe_105``.
      expressions: float [N, E], of the test items.
      scale: of the camera, per metre.
      size: side of the pictures, pixels.

    Returns:
      float32 [E] pixels for one standard deviation of the direction, in a picture of
      the head from the front.
    """
    largest = np.asarray(_largest_moves(head))[: expressions.shape[-1]]
    return largest * scale * size / 2 * expressions.std(axis=0)


@jax.jit
def _largest_moves(head: HeadModel) -> Array:
    """Metres [E] across the line of sight for a whole unit of each direction."""
    names = [
        n for n in ("full_68", "static_51", "mediapipe_105") if n in head.landmarks
    ]
    basis = jnp.moveaxis(head.expression_basis, -1, 0)
    moves = [surface_points(basis, head.faces, head.landmarks[name]) for name in names]
    lengths = jnp.linalg.norm(jnp.concatenate(moves, axis=1)[..., :2], axis=-1)
    return lengths.max(axis=-1)


@jax.jit
def _measures(model: Model, faces: EncodedFace) -> dict[str, Array]:
    return face_measures(model.head, faces.head)


@jax.jit
def _errors(
    model: Model, estimates: EncodedFace, known: KnownHeads
) -> dict[str, Array]:
    """See ``errors``; vertices are those of the region ``face``."""
    head, kept = model.head, model.networks.assets.face.vertices
    found, true = estimates.head, known.faces.head
    assert found.pose_params is not None and true.pose_params is not None
    lids = model.networks.eyelids_before_skinning

    def face(parameters: HeadParameters, **options: bool) -> Array:
        return pose_head(head, parameters, **options).vertices[:, kept]

    still, true_still = face(unturned(found)), face(unturned(true))
    identity, true_identity = face(identity_alone(found)), face(identity_alone(true))
    acted, true_acted = face(expression_alone(found)), face(expression_alone(true))
    turned = face(found, eyelids_before_skinning=lids)
    neutral = translation_aligned_error(still, true_still)
    return {
        **_landmark_errors(head, estimates, known, lids),
        "vertices": 1000 * neutral,
        "vertices_relative": 100 * neutral / _eye_distance(head, identity_alone(true)),
        "vertices_similarity": 1000 * procrustes_error(still, true_still),
        "identity": 1000 * translation_aligned_error(identity, true_identity),
        "expression": 1000 * translation_aligned_error(acted, true_acted),
        "posed": 1000 * translation_aligned_error(turned, face(true)),
        "rotation": rotation_angle(found.pose_params, true.pose_params),
    }


def unturned(parameters: HeadParameters) -> HeadParameters:
    """Identity and expression, with the head straight."""
    return dataclasses.replace(parameters, pose_params=None, neck_pose=None)


def identity_alone(parameters: HeadParameters) -> HeadParameters:
    """The neutral head."""
    return HeadParameters(shape_params=parameters.shape_params)


def expression_alone(parameters: HeadParameters) -> HeadParameters:
    """The mean head with the expression, straight."""
    return dataclasses.replace(unturned(parameters), shape_params=None)


def _landmark_errors(
    head: HeadModel, estimates: EncodedFace, known: KnownHeads, lids: bool
) -> dict[str, Array]:
    projected = project_face(
        head, estimates.head, estimates.camera, eyelids_before_skinning=lids
    )
    outer = normalized_mean_error(projected.landmarks_68, known.landmarks_68)
    distances = jnp.linalg.norm(projected.landmarks_105 - known.landmarks_105, axis=-1)
    inner = distances.mean(-1) / outer_eye_distance(known.landmarks_105)
    return {"landmarks_105": 100 * inner, "landmarks_68": 100 * outer}


def _eye_distance(head: HeadModel, parameters: HeadParameters) -> Array:
    """Metres [B] between the outer eye corners."""
    vertices = pose_head(head, parameters).vertices
    return outer_eye_distance(landmarks_mediapipe_105(head, vertices))
