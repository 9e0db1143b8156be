import jax
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from face_jax.geometry.alignment import align_points, move_points

align = jax.jit(align_points, static_argnames="scaled")


def points(seed, rows=2, count=7):
    return np.random.default_rng(seed).normal(size=(rows, count, 3))


def single(values):
    return values.astype(np.float32)


@pytest.mark.parametrize("scaled", [True, False])
def test_rotations_are_those_of_scipy(scaled):
    source, target = points(0), points(1) + 3.0
    found = align(single(source), single(target), scaled=scaled)
    moved = move_points(found, single(source))
    for row, (x, y) in enumerate(zip(source, target, strict=True)):
        p, q = x - x.mean(0), y - y.mean(0)
        rotation = Rotation.align_vectors(q, p)[0].as_matrix()
        turned = p @ rotation.T
        scale = (turned * q).sum() / (p * p).sum() if scaled else 1.0
        np.testing.assert_allclose(found.rotation[row], rotation, atol=1e-5)
        np.testing.assert_allclose(found.scale[row], scale, rtol=1e-5)
        np.testing.assert_allclose(moved[row], scale * turned + y.mean(0), atol=1e-5)


def test_mirrored_points_are_turned_and_not_mirrored():
    source = points(2)
    found = align(single(source), single(source * [-1, 1, 1]))
    np.testing.assert_allclose(np.linalg.det(found.rotation), 1, rtol=1e-5)
    assert (np.asarray(found.scale) < 1).all()


def test_points_of_a_plane_are_enough():
    source = points(3) * [1, 1, 0]
    target = 2 * source @ Rotation.from_rotvec([0.3, 2, -1]).as_matrix() + 5
    found = align(single(source), single(target))
    np.testing.assert_allclose(found.scale, 2, rtol=1e-5)
    moved = move_points(found, single(source))
    np.testing.assert_allclose(moved, target, atol=1e-5)
