"""Heads and rotations in float64 by other formulas than the library's."""

from collections.abc import Callable, Sequence

import numpy as np
import trimesh

from face_jax.geometry.head import HeadModel


def exponential(vector) -> np.ndarray:
    """exp(K) in float64: a short power series, squared ten times."""
    x, y, z = np.asarray(vector, np.float64) / 2**10
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    term, total = np.eye(3), np.eye(3)
    for order in range(1, 12):
        term = term @ cross / order
        total = total + term
    return np.linalg.matrix_power(total, 2**10)


def rigid(rotation, translation) -> np.ndarray:
    """A motion as a matrix [4, 4]."""
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = rotation, translation
    return motion


def moved(motion: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points [..., 3] by a matrix [4, 4]."""
    return points @ motion[:3, :3].T + motion[:3, 3]


def chain(
    rotations: np.ndarray, joints: np.ndarray, parents: Sequence[int]
) -> np.ndarray:
    """Motions [J, 4, 4] that take points at rest along with each joint."""
    motions: list[np.ndarray] = []
    for rotation, joint, parent in zip(rotations, joints, parents, strict=True):
        about = rigid(np.eye(3), joint) @ rigid(rotation, np.zeros(3))
        about = about @ rigid(np.eye(3), -joint)
        motions.append(about if parent < 0 else motions[parent] @ about)
    return np.stack(motions)


def skinned(
    vertices: np.ndarray, weights: np.ndarray, motions: np.ndarray
) -> np.ndarray:
    """Vertices [V, 3], each by the mean of what the motions [J, 4, 4] make of it."""
    places = np.stack([moved(motion, vertices) for motion in motions])
    return np.einsum("vj,jvc->vc", weights, places)


def posed_head(
    head: HeadModel, given: dict[str, np.ndarray], eyelids_before: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and joints of a head with the joints root and jaw.

    Args:
      head: with correctives and eyelids.
      given: fields of ``HeadParameters``, each one vector.
      eyelids_before: lids are part of what is skinned.
    """
    part = {
        name: np.asarray(getattr(head, name), np.float64)
        for name in ("template", "joint_regressor", "skinning_weights")
    }
    shaped = part["template"] + weighed(head.identity_basis, given["shape_params"])
    shaped += weighed(head.expression_basis, given["expression_params"])
    lids = weighed(head.eyelid_basis, given["eyelid_params"])
    turns = np.stack([exponential(given[n]) for n in ("pose_params", "jaw_params")])
    joints = part["joint_regressor"] @ shaped
    motions = chain(turns, joints, head.joint_parents)
    bend = (turns[1:] - np.eye(3)).ravel()
    bent = shaped + (bend @ np.asarray(head.pose_correctives, float)).reshape(-1, 3)
    before, after = (lids, 0.0) if eyelids_before else (0.0, lids)
    vertices = skinned(bent + before, part["skinning_weights"], motions) + after
    places = [moved(m, j) for m, j in zip(motions, joints, strict=True)]
    return vertices, np.stack(places)


def weighed(basis, coefficients) -> np.ndarray:
    """Sum [V, 3] of the first directions of a basis, times coefficients."""
    basis = np.asarray(basis, np.float64)
    return sum(
        (basis[..., i] * c for i, c in enumerate(coefficients)),
        np.zeros(basis.shape[:2]),
    )


def slopes(
    function: Callable[..., float], arrays: Sequence[np.ndarray], step: float = 1e-5
) -> list[np.ndarray]:
    """Gradients of a function of float64 arrays by central differences."""
    arrays = [np.array(array, np.float64) for array in arrays]
    found = [np.zeros(array.shape) for array in arrays]
    for array, slope in zip(arrays, found, strict=True):
        for place in np.ndindex(array.shape):
            middle = array[place]
            array[place] = middle + step
            above = function(*arrays)
            array[place] = middle - step
            slope[place] = (above - function(*arrays)) / (2 * step)
            array[place] = middle
    return found


def distances_to_mesh(points, vertices, faces):
    """Distances [N] of points to a mesh: every pair by trimesh, in float64."""
    corners = np.asarray(vertices, np.float64)[faces]
    points = np.asarray(points, np.float64)
    pairs = np.repeat(points, len(corners), axis=0)
    found = trimesh.triangles.closest_point(
        np.tile(corners, (len(points), 1, 1)), pairs
    )
    lengths = np.linalg.norm(found - pairs, axis=-1)
    return lengths.reshape(len(points), -1).min(axis=1)
