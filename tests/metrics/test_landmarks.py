import numpy as np
import pytest

from face_jax.metrics import landmarks


def face(seed=0, frames=6):
    return np.random.default_rng(seed).random((2, frames, 68, 2)).astype(np.float32)


def test_normalized_mean_error():
    target, moved = face(0)[:, 0], face(1)[:, 0]
    distance = np.linalg.norm(target[:, 36] - target[:, 45], axis=-1)
    errors = np.linalg.norm(moved - target, axis=-1)
    np.testing.assert_allclose(
        landmarks.normalized_mean_error(moved, target),
        errors.mean(-1) / distance,
        rtol=1e-5,
    )
    visible = np.zeros((2, 68), np.float32)
    visible[:, :10] = 1
    np.testing.assert_allclose(
        landmarks.normalized_mean_error(moved, target, visible),
        errors[:, :10].mean(-1) / distance,
        rtol=1e-5,
    )


def test_keypoint_distance_is_per_coordinate():
    target = np.zeros((1, 10, 2), np.float32)
    moved = target + np.array([3.0, 4.0], np.float32)
    np.testing.assert_allclose(landmarks.keypoint_distance(moved, target), [3.5])


def test_steady_motion_has_no_jitter_and_trembling_has():
    still = face(0, 1)
    time = np.arange(7, dtype=np.float32)[:, None, None]
    moving = still + 0.3 * time
    np.testing.assert_allclose(landmarks.tremble(moving), 0.0, atol=1e-5)
    trembling = moving + np.where(time % 2 == 0, 0.1, -0.1).astype(np.float32)
    distance = np.linalg.norm(still[:, 0, 36] - still[:, 0, 45], axis=-1)
    expected = 0.4 * np.sqrt(2) / distance  # +-0.1 alternating on both axes
    np.testing.assert_allclose(landmarks.jitter(trembling, moving), expected, rtol=1e-4)
    with pytest.raises(ValueError, match="3 frames, got 2"):
        landmarks.tremble(face(0, 2))


def test_scale_pumping_sees_only_the_ratio():
    driving = face(0)
    zoom = np.array([1, 2, 1, 2, 1, 2], np.float32)[None, :, None, None]
    np.testing.assert_allclose(
        landmarks.scale_pumping(3 * driving + 5, driving), 0.0, atol=1e-5
    )
    np.testing.assert_allclose(
        landmarks.scale_pumping(driving * zoom, driving), 0.5, rtol=1e-4
    )
