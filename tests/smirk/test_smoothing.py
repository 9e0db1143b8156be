"""The temporal filter of faces: calm where nothing moves, whole where much does."""

import functools

import jax
import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters
from face_jax.geometry.rotations import axis_angle_to_matrix
from face_jax.heads.flame import flame_from_arrays
from face_jax.smirk import smoothing
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.smoothing import FaceFilter
from tests.heads import flame_files

RATE = 25
HEAD = flame_from_arrays(flame_files.arrays())
NAMES = ("shape_params", "expression_params", "pose_params", "jaw_params")


@functools.cache
def noise(count=60, size=0.01, seed=0):
    random = np.random.default_rng(seed)

    def normal(entries, mean=0.0, scale=size):
        rows = mean + scale * random.normal(size=(count, entries))
        return rows.astype(np.float32)

    head = HeadParameters(
        shape_params=normal(4, 0.5, 0.1),
        expression_params=normal(5, 0.2),
        pose_params=normal(3, np.array([0.1, 0.2, 0.0])),
        jaw_params=np.abs(normal(3, np.array([0.1, 0.0, 0.0]))),
        eyelid_params=np.clip(normal(2, 0.05), 0, 1),
    )
    return EncodedFace(head, normal(3, np.array([7.0, 0.1, -0.2])))


def changed(face, **fields):
    """A face with other parameters."""
    return face.replace(head=face.head.replace(**fields))


def smoothed(face, strength=0.5, valid=None):
    return FaceFilter(HEAD, strength, RATE)(face, valid)


def trembling(rows):
    return float(np.abs(np.diff(np.asarray(rows), n=2, axis=0)).mean())


def test_strength_zero_is_the_identity():
    result = smoothed(noise(), 0.0)
    jax.tree.map(np.testing.assert_array_equal, result, noise())


def test_all_quantities_calm_down():
    before, weak, strong = noise(), smoothed(noise(), 0.3), smoothed(noise(), 1.0)
    for rows in zip(*map(jax.tree.leaves, (before, weak, strong)), strict=True):
        first, second, third = map(trembling, rows)
        assert first > 2 * second and second >= third


def test_limits_hold():
    result = smoothed(noise(), 0.7)
    for name in ("eyelid_params", "jaw_params"):
        given, found = getattr(noise().head, name), getattr(result.head, name)
        assert found.min() >= given.min() - 1e-6 and found.max() <= given.max() + 1e-6


def test_the_identity_is_a_mean_of_what_was_seen():
    shapes = smoothed(noise(), 1.0).head.shape_params
    # At first of all frames.
    expected = noise().head.shape_params[:9].mean(axis=0)
    np.testing.assert_allclose(shapes[8], expected, atol=1e-6)
    # It follows another person within some seconds.
    other = np.where(np.arange(1500)[:, None] < 500, 0.0, 1.0) * np.ones((1, 4))
    long = jax.tree.map(lambda rows: np.resize(rows, (1500, rows.shape[1])), noise())
    found = smoothed(changed(long, shape_params=other.astype(np.float32)), 0.5)
    assert found.head.shape_params[500 + 12 * RATE].min() > 0.9


def test_a_rotation_through_pi_does_not_jump():
    angles = np.linspace(np.pi - 0.5, np.pi + 0.5, 60)
    wrapped = np.where(angles > np.pi, angles - 2 * np.pi, angles)
    turning = np.stack([0 * angles, wrapped, 0 * angles], axis=1).astype(np.float32)
    found = smoothed(changed(noise(), pose_params=turning), 1.0).head.pose_params
    matrices = np.asarray(axis_angle_to_matrix(found))
    steps = np.swapaxes(matrices[:-1], 1, 2) @ matrices[1:]
    degrees = np.rad2deg(np.arccos(np.clip((np.trace(steps.T) - 1) / 2, -1, 1)))
    assert degrees.max() < 1.2 * np.rad2deg(angles[1] - angles[0])
    behind = np.asarray(axis_angle_to_matrix(turning[-1])).T @ matrices[-1]
    late = np.arccos((np.trace(behind) - 1) / 2)
    assert 0.1 * smoothing.POSE_LAG < late < smoothing.POSE_LAG


def test_chunks_give_the_same_as_the_whole_clip():
    whole, stream = smoothed(noise(), 0.6), FaceFilter(HEAD, 0.6, RATE)
    parts = []
    for begin in (0, 20, 40):
        rows = slice(begin, begin + 20)
        parts.append(stream(jax.tree.map(lambda x, rows=rows: x[rows], noise())))
    joined = jax.tree.map(lambda *x: np.concatenate(x), *parts)
    jax.tree.map(
        functools.partial(np.testing.assert_allclose, atol=1e-6), joined, whole
    )


def test_frames_without_a_face_change_nothing():
    valid = np.ones(60, bool)
    valid[[0, 1, 20, 21, 22]] = False
    broken = jax.tree.map(lambda x: np.where(valid[:, None], x, np.nan), noise())
    result = smoothed(broken, 0.8, valid)
    kept = jax.tree.map(lambda rows: rows[valid], result)
    assert all(np.isfinite(rows).all() for rows in jax.tree.leaves(kept))
    # The first face is where it is, and before it there is nothing to smooth.
    np.testing.assert_allclose(
        result.head.expression_params[2], noise().head.expression_params[2], atol=1e-6
    )
    nothing = smoothed(broken, 0.8, np.zeros(60, bool))
    assert nothing is broken


def test_a_long_gap_is_a_new_beginning():
    valid = np.arange(60) % 50 == 0
    moved = noise().camera + np.where(np.arange(60)[:, None] < 50, 0, [1.0, 0.1, 0.1])
    face = noise().replace(camera=moved.astype(np.float32))
    late = face.camera[50] - smoothed(face, 0.5, valid).camera[50]
    without_gap = face.camera[50] - smoothed(face, 0.5).camera[50]
    assert 0 < late[0] < without_gap[0] / 2


def test_heads_without_jaw_and_eyelids():
    face = changed(noise(), jaw_params=None, eyelid_params=None)
    result = smoothed(face)
    assert result.head.jaw_params is None and result.head.eyelid_params is None
    assert trembling(result.camera) < trembling(face.camera) / 2


@pytest.mark.parametrize("strength,rate", [(-0.1, 25), (1.1, 25), (0.5, 0)])
def test_settings_out_of_range_are_refused(strength, rate):
    with pytest.raises(ValueError, match="expected, got"):
        FaceFilter(HEAD, strength, rate)
