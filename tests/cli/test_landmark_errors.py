import types

import numpy as np
import pytest

from data_pipelines.landmarks.outlines import face_outline
from face_jax.cli.landmark_errors import LandmarkErrors, Landmarks, neutral_landmarks
from face_jax.geometry.landmarks import MEDIAPIPE_105
from face_jax.heads.library import head

FRAMES = 5
NOWHERE = Landmarks(np.zeros((68, 2)), np.zeros((105, 2)))


def scene(count, rate=25):
    """A rigid face that the crop follows; eyes 30 pixels apart, the last frame unknown."""
    face = np.random.default_rng(0).uniform(0, 60, (count, 2)).astype(np.float32)
    corners = (36, 45) if count == 68 else (33, 263)
    face[list(corners)] = [[10, 20], [40, 20]]
    starts = np.arange(FRAMES)[:, None] * np.array([4.0, -2.0])
    points = (face + starts[:, None]).astype(np.float32)
    points[-1] = np.nan

    def matrix(number, size):
        x, y = starts[number]
        factor = (size - 1) / 80
        return np.array([[factor, 0, -factor * x], [0, factor, -factor * y], [0, 0, 1]])

    footage = types.SimpleNamespace(points=points, frame_rate=rate, made_by="fixed")
    frames = [
        types.SimpleNamespace(number=n, matrix=lambda size, n=n: matrix(n, size))
        for n in range(FRAMES)
    ]
    return footage, frames, points


def found(frames, points, shift=(0.0, 0.0)):
    moved = np.nan_to_num(points + np.float32(shift))
    inner = moved[:, list(MEDIAPIPE_105)] if points.shape[1] == 478 else moved
    return types.SimpleNamespace(
        frames=frames,
        valid=np.ones(len(frames), bool),
        landmarks_68=moved[:, :68],
        landmarks_105=inner,
    )


@pytest.mark.parametrize("count", [68, 478])
def test_errors_are_percent_of_the_distance_of_the_eyes(count):
    footage, frames, points = scene(count)
    errors = LandmarkErrors(footage, NOWHERE)
    errors.add(found(frames[:2], points[:2]))
    errors.add(found(frames[2:], points[2:], shift=(0.0, 3.0)))
    # Two frames without an error, two that are 3 of 30 pixels off, one unknown.
    values = errors.values()
    assert values["landmark_error"] == pytest.approx(5.0, rel=1e-5)
    assert values["landmark_error_of_clip_mean"] == pytest.approx(0.0, abs=1e-3)


def test_the_mean_does_not_follow_what_moves_within_the_crop():
    footage, frames, points = scene(68)
    points[1::2, :, 0] += 6.0
    errors = LandmarkErrors(footage, NOWHERE)
    errors.add(found(frames, points))
    # Of four frames two lie 3 pixels to the left of the mean and two to its right.
    values = errors.values()
    assert values["landmark_error"] == 0.0
    assert values["landmark_error_of_clip_mean"] == pytest.approx(10.0, rel=1e-5)


def test_the_contour_and_frames_without_a_face_do_not_count():
    footage, frames, points = scene(68)
    errors, off = LandmarkErrors(footage, NOWHERE), found(frames, points)
    off.landmarks_68[:, :17] += 50
    off.landmarks_68[0] += 100
    off.valid[0] = False
    errors.add(off)
    assert errors.values()["landmark_error"] == 0.0


def test_pictures_have_no_mean_and_nothing_is_said_without_a_file():
    footage, frames, points = scene(68, rate=None)
    errors = LandmarkErrors(footage, NOWHERE)
    errors.add(found(frames[:1], points[:1]))
    assert set(errors.values()) == {"landmark_error"}
    footage.points = None
    errors = LandmarkErrors(footage, NOWHERE)
    errors.add(found(frames, points))
    assert errors.values() == {}


def test_the_mean_face_is_put_where_the_crop_is():
    footage, frames, points = scene(68)
    footage.made_by = "landmarks"
    inside = points[0] / 80
    given = Landmarks(inside + np.array([0.0, 3 / 80]), np.zeros((105, 2)))
    errors = LandmarkErrors(footage, given)
    errors.add(found(frames, points))
    error = errors.values()["landmark_error_of_mean_face"]
    assert error == pytest.approx(10.0, rel=1e-4)


@pytest.mark.parametrize("scale", [1.4, 1.8])
def test_the_mean_face_fills_its_share_of_the_crop(scale):
    of_68, of_105 = neutral_landmarks(head("procedural"), scale)
    outline = face_outline(of_68)
    low, high = outline.min(axis=0), outline.max(axis=0)
    assert np.mean(high - low) == pytest.approx(1 / scale, rel=1e-3)
    np.testing.assert_allclose((low + high) / 2, 0.5, atol=1e-3)
    # The chin is below the eyes, and the subject's left is to the right.
    assert of_68[8, 1] > of_68[36:48, 1].max() and of_68[45, 0] > of_68[36, 0]
    eyes = of_105[[MEDIAPIPE_105.index(263), MEDIAPIPE_105.index(33)]]
    np.testing.assert_allclose(eyes, of_68[[45, 36]], atol=0.02)
