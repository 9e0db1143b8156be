import numpy as np
import pytest

from data_pipelines.landmarks.schemas import MIRROR
from data_pipelines.synth.face_features import features
from data_pipelines.synth.face_parameters import FaceParameters, sample_identity
from data_pipelines.synth.head_shape import on_face, project


@pytest.fixture(scope="module")
def person():
    return sample_identity(4)


def landmarks(person, **parameters):
    parameters = FaceParameters(**parameters)
    return project(features(person, parameters).landmarks(), parameters)[:, :2]


def test_neutral_face_is_symmetric_and_upright(person):
    points = landmarks(person)
    mirrored = points[list(MIRROR)] * (-1, 1) + (1, 0)
    np.testing.assert_allclose(mirrored, points, atol=1e-9)
    brow, eye, nose, mouth, chin = points[[19, 37, 33, 57, 8], 1]
    assert brow < eye < nose < mouth < chin
    assert points.min() > 0
    assert points.max() < 1


@pytest.mark.parametrize("angles", [(20, 0, 0), (0, 12, 0), (0, 0, 30), (15, -10, 8)])
def test_projection_is_a_rotation_scale_and_shift(person, angles):
    rest = FaceParameters()
    posed = FaceParameters(*angles, shift_x=0.1, shift_y=-0.05, scale=np.log(1.5))
    cloud = np.random.default_rng(0).normal(size=(6, 3))
    before, after = project(cloud, rest), project(cloud, posed)
    lengths = [np.linalg.norm(p[:, None] - p[None], axis=-1) for p in (before, after)]
    np.testing.assert_allclose(lengths[1], 1.5 * lengths[0], rtol=1e-9)
    triple = [np.linalg.det(p[1:4] - p[0]) for p in (before, after)]
    assert triple[0] * triple[1] > 0  # not mirrored


def test_turns_go_where_they_say(person):
    nose, eyes = 30, slice(36, 48)
    rest = landmarks(person)
    right, down = landmarks(person, yaw=20), landmarks(person, pitch=12)

    def relative(points):
        return points[nose] - points[eyes].mean(axis=0)

    assert (relative(right) - relative(rest))[0] > 0.02
    assert (relative(down) - relative(rest))[1] > 0.01
    clockwise = landmarks(person, roll=15)
    assert clockwise[45, 1] > clockwise[36, 1] + 0.02


def test_near_half_of_a_turned_face_is_wider(person):
    points = landmarks(person, yaw=25)
    left_eye, right_eye = np.ptp(points[36:42, 0]), np.ptp(points[42:48, 0])
    assert left_eye > 1.3 * right_eye


def test_expressions_move_their_own_points(person):
    rest = landmarks(person)

    def moved(**parameters):
        return np.linalg.norm(landmarks(person, **parameters) - rest, axis=1)

    groups = {
        "jaw": range(5, 12),
        "brows": range(17, 27),
        "eyes": range(36, 48),
        "mouth": range(48, 68),
    }
    cases = {
        "mouth_open": {"jaw", "mouth"},
        "smile": {"mouth", "eyes"},
        "pucker": {"mouth"},
        "blink": {"eyes"},
        "brow_raise": {"brows", "eyes"},
        "brow_frown": {"brows"},
        "gaze_x": set(),
    }
    for name, expected in cases.items():
        distance = moved(**{name: 1.0})
        assert {
            g for g, points in groups.items() if distance[points].max() > 1e-3
        } == expected
    gap = landmarks(person, mouth_open=1.0)
    assert gap[66, 1] - gap[62, 1] > 0.05
    assert rest[66, 1] - rest[62, 1] < 0.01


def test_closed_eyes_are_lines(person):
    points = landmarks(person, blink=1.0)
    np.testing.assert_allclose(points[[37, 38]], points[[41, 40]], atol=2e-3)


def test_gaze_moves_the_irises(person):
    left = features(person, FaceParameters(gaze_x=-1)).left_iris.mean(axis=0)
    right = features(person, FaceParameters(gaze_x=1)).left_iris.mean(axis=0)
    assert right[0] - left[0] > 0.5 * person.eye_size


def test_points_on_the_face_keep_their_place_in_front(person):
    x, y = np.array([0.0, 0.3, -0.3]), np.array([0.1, -0.2, 0.4])
    points = on_face(person, x, y)
    np.testing.assert_allclose(points[:, :2], np.stack([x, y], 1))
    assert (points[:, 2] > 0.4).all()
