import numpy as np
import pytest
from scipy.spatial import distance

from face_jax.metrics import landmarks


def face(seed=0, frames=6):
    return np.random.default_rng(seed).random((2, frames, 68, 2)).astype(np.float32)


def test_normalized_mean_error():
    target, moved = face(0)[:, 0], face(1)[:, 0]
    eyes = np.linalg.norm(target[:, 36] - target[:, 45], axis=-1)
    errors = np.linalg.norm(moved - target, axis=-1)
    np.testing.assert_allclose(
        landmarks.normalized_mean_error(moved, target),
        errors.mean(-1) / eyes,
        rtol=1e-5,
    )
    visible = np.zeros((2, 68), np.float32)
    visible[:, :10] = 1
    np.testing.assert_allclose(
        landmarks.normalized_mean_error(moved, target, visible),
        errors[:, :10].mean(-1) / eyes,
        rtol=1e-5,
    )


def test_nothing_visible_is_no_error_at_all():
    target, moved = face(0)[:, 0], face(1)[:, 0]
    nothing = np.zeros((2, 68), np.float32)
    assert np.isnan(landmarks.normalized_mean_error(moved, target, nothing)).all()


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
    eyes = np.linalg.norm(still[:, 0, 36] - still[:, 0, 45], axis=-1)
    expected = 0.4 * np.sqrt(2) / eyes  # +-0.1 alternating on both axes
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


def test_average_keypoint_distance_leaves_lost_frames_out():
    result, driving = face(2).astype(float), face(3).astype(float)
    found = np.array([[1, 0, 1, 1, 0, 1], [0] * 6], bool)
    result[~found] = np.nan
    pairs = zip(result[0][found[0]], driving[0][found[0]], strict=True)
    expected = np.mean(
        [distance.cityblock(a.ravel(), b.ravel()) / a.size for a, b in pairs]
    )
    value = landmarks.average_keypoint_distance(
        np.float32(result), np.float32(driving), found
    )
    np.testing.assert_allclose(value, [expected, np.nan], rtol=1e-5)
    np.testing.assert_allclose(landmarks.missing_rate(found), [2 / 6, 1], rtol=1e-6)


def test_steadiness_agrees_with_its_definition():
    result, driving = face(4), face(5)

    def tremble(track):
        track = track.astype(float)
        second = track[2:] - 2 * track[1:-1] + track[:-2]
        eyes = np.mean([distance.euclidean(p[36], p[45]) for p in track])
        return np.mean(np.hypot(second[..., 0], second[..., 1])) / eyes

    expected = [tremble(a) - tremble(b) for a, b in zip(result, driving, strict=True)]
    np.testing.assert_allclose(landmarks.jitter(result, driving), expected, atol=1e-5)

    def size(points):
        return np.sqrt(points.astype(float).var(axis=0).sum())

    ratios = [
        [size(p) / size(q) for p, q in zip(a, b, strict=True)]
        for a, b in zip(result, driving, strict=True)
    ]
    expected = np.std(ratios, axis=1)
    np.testing.assert_allclose(
        landmarks.scale_pumping(result, driving), expected, atol=1e-5
    )


def test_faces_without_extent_have_no_relative_errors():
    point, moving = np.zeros((1, 4, 68, 2), np.float32), face()[:1, :4]
    assert np.isnan(landmarks.tremble(point))
    assert np.isnan(landmarks.scale_pumping(moving, point))
    assert np.isinf(landmarks.normalized_mean_error(moving[:, 0], point[:, 0]))
