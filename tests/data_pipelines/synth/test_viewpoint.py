import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from data_pipelines.synth.rig import axis_angle
from data_pipelines.synth.viewpoint import FACE_DROP, FACE_HEIGHT, Viewpoint
from face_jax.geometry.cameras import project_weak_perspective
from tests.data_pipelines.synth.plain_studio import plain_head


def projected(
    rotation: list[float], shift: tuple[float, float], zoom: float, follow: float
):
    """The head's 68 points in the picture, turned about its pivot."""
    head, turn = plain_head(), np.array([rotation])
    view = Viewpoint(head)
    camera = view.cameras(turn, np.array([shift]), np.array([zoom]), follow)[0]
    matrix = Rotation.from_rotvec(np.asarray(axis_angle(turn))[0]).as_matrix()
    points = (np.asarray(head.template) - view.pivot) @ matrix.T + view.pivot
    return np.asarray(project_weak_perspective(points, camera))


def middle(points: np.ndarray) -> np.ndarray:
    return (points.min(axis=0) + points.max(axis=0))[:2] / 2


def test_a_face_has_its_usual_size_and_place():
    points = projected([0, 0, 0], (0, 0), 1.0, 1.0)
    assert np.ptp(points[:, 1]) / 2 == pytest.approx(FACE_HEIGHT, rel=1e-5)
    np.testing.assert_allclose(middle(points), [0, 2 * FACE_DROP], atol=1e-5)


def test_shifts_are_metres_and_zoom_is_a_factor():
    still = projected([0, 0, 0], (0, 0), 1.0, 1.0)
    moved = projected([0, 0, 0], (0.01, 0.02), 1.0, 1.0)
    large = projected([0, 0, 0], (0, 0), 1.25, 1.0)
    scale = Viewpoint(plain_head()).scale
    np.testing.assert_allclose(
        middle(moved) - middle(still), [0.01 * scale, -0.02 * scale], atol=1e-5
    )
    assert np.ptp(large[:, 0]) == pytest.approx(1.25 * np.ptp(still[:, 0]), rel=1e-5)
    np.testing.assert_allclose(middle(large), [0, 2 * FACE_DROP], atol=1e-5)


def test_the_camera_follows_turns():
    # The pivot of this head is the origin, off the middle of its face.
    kept = projected([0, 0, np.pi], (0, 0), 1.0, 1.0)
    np.testing.assert_allclose(middle(kept), [0, 2 * FACE_DROP], atol=1e-5)
    fixed = projected([0, 0, np.pi], (0, 0), 1.0, 0.0)
    assert abs(middle(fixed)[1] - 2 * FACE_DROP) > 0.05
