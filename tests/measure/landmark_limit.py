"""How well landmarks of some precision can tell a synthetic face at most.

    python -m tests.measure.landmark_limit --errors 0.5 1 1.7 3

Whoever knows how faces, expressions and views of the built-in people vary, and is told 105
landmarks that are off by chance, can guess the face best by the mean of what is likely
then. Printed is how far vertices of that guess are off, as a share of what the mean of all
faces is off by: ``face`` is identity and expression in the neutral pose, ``identity`` that
alone, ``face up to size and turn`` without what a change of size or a small turn mends.
Everything is taken for linear about a face of mean identity and expression, with the views
of a few pictures, and for normally distributed; rotation, size and place are all but
unknown.
"""

import argparse
import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth.plan import make_plan
from data_pipelines.synth.shots import Director
from face_jax.geometry.head import HeadModel, HeadParameters, pose_head
from face_jax.geometry.landmarks import landmarks_mediapipe_105
from face_jax.heads.library import BUILT_IN, head
from face_jax.smirk.measures import outer_eye_distance
from face_jax.types import Array

VIEW_DEVIATIONS = (*(0.25,) * 3, 0.3, 0.02, 0.02)
"""Of rotation (radians), logarithm of the size, shift to the side and up (metres)."""
JITTER = 1e-8
"""Added to the variance of expressions, some of which never happen."""


@dataclasses.dataclass(frozen=True)
class Faces:
    """How faces vary; a state is identity, expression, rotation, log size and shift.

    Attributes:
      head: the head model.
      vertices: int [N], those that are compared.
      mean: float64 [n], the state of a face of mean expression, seen from the front.
      covariance: float64 [n, n] of states.
      rotations: float64 [views, 3], axis-angle of the heads in some pictures.
    """

    head: HeadModel
    vertices: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    rotations: np.ndarray

    def parameters(self, state: Array) -> HeadParameters:
        """One row, with the rotation."""
        shapes = self.head.identity_basis.shape[-1]
        ends = (shapes, shapes + self.head.expression_basis.shape[-1])
        shape, expression, view = jnp.split(state[None], ends, axis=-1)
        return HeadParameters(shape, expression, pose_params=view[:, :3])


def built_in_faces(pictures: int, views: int) -> Faces:
    """Those of the training's data, measured on some pictures of them."""
    model = head(BUILT_IN)
    settings = SyntheticSettings(
        images=2 * pictures, images_per_person=1, free_expressions=0.5
    )
    director = Director(settings, model)
    planned = make_plan(settings).images["train"][:pictures]
    shots = [director.image(one) for one in planned]
    found = director.rig.parameters(
        *(
            np.stack([getattr(shot, n) for shot in shots])
            for n in ("weights", "gaze", "rotation")
        )
    )
    acted = np.asarray(found.expression_params, np.float64)
    shapes = model.identity_basis.shape[-1]
    count = shapes + acted.shape[1]
    covariance = np.diag(np.r_[np.ones(count), np.square(VIEW_DEVIATIONS)])
    spread = np.cov(acted.T) + JITTER * np.eye(acted.shape[1])
    covariance[shapes:count, shapes:count] = spread
    mean = np.r_[np.zeros(shapes), acted.mean(axis=0), np.zeros(len(VIEW_DEVIATIONS))]
    vertices = np.flatnonzero(model.regions["face"])
    rotations = np.asarray(found.pose_params, np.float64)[:views]
    return Faces(model, vertices, mean, covariance, rotations)


def landmarks(faces: Faces, state: Array) -> Array:
    """What is seen of a state: landmarks [210], the mean eyes' distance is 1."""
    posed = pose_head(faces.head, faces.parameters(state)).vertices
    seen = landmarks_mediapipe_105(faces.head, posed)[0, :, :2]
    size, shift = jnp.exp(state[-3]), state[-2:]
    straight = landmarks_mediapipe_105(faces.head, faces.head.template[None])
    return (size * (seen + shift) / outer_eye_distance(straight[..., :2])).reshape(-1)


def face(faces: Faces, state: Array) -> Array:
    """Vertices [N, 3] of the face in the neutral pose, metres."""
    straight = dataclasses.replace(faces.parameters(state), pose_params=None)
    return pose_head(faces.head, straight).vertices[0, faces.vertices]


def posterior(covariance: np.ndarray, seen: np.ndarray, deviation: float) -> np.ndarray:
    """Covariance of what is left open once something linear is seen.

    Args:
      covariance: [n, n] before.
      seen: [m, n], how what is seen changes with the state.
      deviation: standard deviation of the independent errors in what is seen.
    """
    gain = seen @ covariance
    total = gain @ seen.T + deviation**2 * np.eye(len(seen))
    left = covariance - gain.T @ np.linalg.solve(total, gain)
    return (left + left.T) / 2


def mean_distance(
    moves: np.ndarray, covariance: np.ndarray, draws: int = 1000
) -> float:
    """Mean length of the moves [N, 3, n] of vertices that states of a covariance bring."""
    values, vectors = np.linalg.eigh(covariance)
    # The symmetric root: covariances that are alike give draws that are alike.
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    states = np.random.default_rng(0).normal(size=(draws, len(covariance))) @ root
    return float(
        np.linalg.norm(np.einsum("vcn,dn->dvc", moves, states), axis=-1).mean()
    )


def without_size_and_turn(moves: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Moves [N, 3, n] less what changes of size and small turns of the points mend."""
    points = points - points.mean(axis=0)
    mended = [points, *(np.cross(axis, points) for axis in np.eye(3))]
    basis, _ = np.linalg.qr(np.stack([one.ravel() for one in mended], axis=1))
    flat = moves.reshape(-1, moves.shape[-1])
    return (flat - basis @ (basis.T @ flat)).reshape(moves.shape)


def limits(faces: Faces, errors: list[float]) -> dict[float, dict[str, float]]:
    """Shares of the mean's error by the landmarks' mean error, % of the eyes' distance."""
    moves = _derivative(lambda state: face(faces, state), faces.mean)
    moves -= moves.mean(axis=0)
    points = np.asarray(face(faces, jnp.asarray(faces.mean)), np.float64)
    identity = np.where(
        np.arange(len(faces.mean)) < faces.head.identity_basis.shape[-1], moves, 0
    )
    kinds = {
        "face": moves,
        "identity": identity,
        "face up to size and turn": without_size_and_turn(moves, points),
    }
    views = [
        np.concatenate([faces.mean[: -len(VIEW_DEVIATIONS)], rotation, np.zeros(3)])
        for rotation in faces.rotations
    ]
    seen = [_derivative(lambda state: landmarks(faces, state), view) for view in views]
    found = {}
    for error in errors:
        # The mean length of a normal error along two axes.
        deviation = error / 100 / np.sqrt(np.pi / 2)
        left = np.mean(
            [posterior(faces.covariance, one, deviation) for one in seen], axis=0
        )
        found[error] = {
            kind: mean_distance(each, left) / mean_distance(each, faces.covariance)
            for kind, each in kinds.items()
        }
    return found


def _derivative(function: Callable[[Array], Array], state: np.ndarray) -> np.ndarray:
    found = jax.jit(jax.jacfwd(function))(jnp.asarray(state, jnp.float32))
    return np.array(found, np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", type=float, nargs="+", default=[0.5, 1, 1.7, 3])
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--views", type=int, default=8)
    given = parser.parse_args()
    faces = built_in_faces(given.pictures, given.views)
    for error, shares in limits(faces, given.errors).items():
        told = ", ".join(f"{kind} {share:.3f}" for kind, share in shares.items())
        print(f"landmarks off by {error:.1f} %: {told}", flush=True)


if __name__ == "__main__":
    main()
