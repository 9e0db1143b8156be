import dataclasses

import numpy as np
import pytest

from data_pipelines.landmarks.schemas import region_box
from data_pipelines.synth.drawn_face import render_clip, render_frame
from data_pipelines.synth.face_parameters import FaceParameters, sample_identity


@pytest.fixture(scope="module")
def person():
    """Somebody with nothing in front of the face."""
    plain = dataclasses.replace(sample_identity(0), glasses=False, beard=False)
    return dataclasses.replace(plain, skin=(0.8, 0.6, 0.5), lips=(0.7, 0.2, 0.2))


def colour_at(image, points):
    x, y = np.rint(np.atleast_2d(points).mean(axis=0)).astype(int)
    return image[y, x].astype(int)


def test_clip_is_deterministic():
    frames, landmarks = render_clip(4, 48, seed=2)
    assert (frames.shape, frames.dtype) == ((4, 48, 48, 3), np.uint8)
    assert (landmarks.shape, landmarks.dtype) == ((4, 68, 2), np.float32)
    again, _ = render_clip(4, 48, seed=2)
    np.testing.assert_array_equal(frames, again)
    other, _ = render_clip(4, 48, seed=3)
    assert np.abs(frames.astype(int) - other).mean() > 10


def test_two_people_do_the_same():
    _, first = render_clip(3, 48, seed=1, motion_seed=7)
    _, second = render_clip(3, 48, seed=2, motion_seed=7)
    motion = [points - points[0] for points in (first, second)]
    np.testing.assert_allclose(motion[0], motion[1], atol=0.5)


def test_landmarks_lie_on_what_is_drawn(person):
    parameters = FaceParameters(yaw=12, pitch=-4, roll=8, mouth_open=1.0, shift_x=0.03)
    image, points = render_frame(person, parameters, 256)
    red, green, blue = colour_at(image, points[60:68])  # inside of the mouth
    assert red < 150
    assert green < 110
    assert blue < 110
    upper_lip = colour_at(image, points[[51, 62]])
    assert upper_lip[0] > 1.6 * upper_lip[1]
    pupil = points[36:42].mean(axis=0)
    x, y = np.rint(pupil).astype(int)
    assert image[y - 4 : y + 5, x - 4 : x + 5].max(axis=-1).min() < 60
    assert colour_at(image, 0.35 * pupil + 0.65 * points[36]).min() > 150  # white
    above, below = points[8] - (0, 6), points[8] + (0, 6)
    assert colour_at(image, above).sum() > colour_at(image, below).sum() + 30


def test_landmarks_scale_with_the_frame(person):
    parameters = FaceParameters(yaw=-20, smile=1.0)
    small, points = render_frame(person, parameters, 64)
    large, large_points = render_frame(person, parameters, 192)
    np.testing.assert_allclose((points + 0.5) * 3, large_points + 0.5, atol=1e-3)
    shrunk = large.reshape(64, 3, 64, 3, 3).mean((1, 3))
    assert np.abs(shrunk - small).mean() < 3


@pytest.mark.parametrize(
    ("changed", "region"),
    [
        ({"gaze_x": 1.0}, "eyes"),
        ({"blink": 1.0}, "eyes"),
        ({"smile": 1.0}, "mouth"),
        ({"mouth_open": 0.5}, "mouth"),
        ({"brow_frown": 1.0}, "brows"),
    ],
)
def test_expressions_are_seen_in_their_region(person, changed, region):
    rest, points = render_frame(person, FaceParameters(), 128)
    image, _ = render_frame(person, FaceParameters(**changed), 128)
    difference = np.abs(image.astype(int) - rest).mean(axis=-1)
    left, top, right, bottom = region_box(points, region, 0.3).astype(int)
    inside = difference[top:bottom, left:right]
    assert inside.mean() > 3
    assert inside.sum() > 0.6 * difference.sum()


def test_heads_leaving_the_frame_are_drawn(person):
    image, _ = render_frame(person, FaceParameters(shift_x=0.9, shift_y=-0.8), 32)
    assert image.shape == (32, 32, 3)


def test_wrong_sizes(person):
    with pytest.raises(ValueError, match="at least one frame, got 0"):
        render_clip(0)
    with pytest.raises(ValueError, match="at least 16 pixels, got 8"):
        render_frame(person, FaceParameters(), 8)
