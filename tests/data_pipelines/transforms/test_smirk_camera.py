"""Cameras of crops draw what cameras of pictures draw."""

import numpy as np
import pytest

from data_pipelines.transforms.smirk_camera import camera_in_crop, camera_in_picture
from data_pipelines.transforms.smirk_geometry import crop_matrix, move_points
from face_jax.geometry.cameras import project_weak_perspective, projected_to_pixels


@pytest.mark.parametrize("picture_size", [(96, 96), (160, 120), (90, 200)])
def test_points_are_drawn_at_the_same_places(picture_size):
    random = np.random.default_rng(0)
    model = random.normal(0, 0.06, (40, 3)).astype(np.float32)
    camera = np.array([6.5, 0.013, -0.02], np.float32)
    width, height = picture_size
    drawn = projected_to_pixels(
        project_weak_perspective(model, camera), (height, width)
    )
    matrix = crop_matrix(np.asarray(drawn), 1.6, 64)
    moved = camera_in_crop(camera, matrix, picture_size, 64)
    found = projected_to_pixels(project_weak_perspective(model, moved), (64, 64))
    expected = move_points(np.asarray(drawn), matrix)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert moved.dtype == np.float32
    back = camera_in_picture(moved, matrix, picture_size, 64)
    np.testing.assert_allclose(back, camera, rtol=1e-5)


def test_the_whole_picture_keeps_its_camera():
    camera = np.array([7.0, 0.01, 0.02], np.float32)
    np.testing.assert_allclose(camera_in_crop(camera, np.eye(3), (64, 64), 64), camera)


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]),
        np.diag([1.0, 2.0, 1.0]),
        np.diag([-1.0, -1.0, 1.0]),
    ],
    ids=["turned", "squeezed", "mirrored"],
)
def test_other_crops_are_refused(matrix):
    with pytest.raises(ValueError, match="matrix: expected an upright crop"):
        camera_in_crop(np.ones(3), matrix, (64, 64), 64)
