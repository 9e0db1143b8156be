import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry import cameras
from tests.geometry import reference


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def pinhole(seed=0, rotation=(), translation=(), focal=(), centre=()):
    """A camera whose fields have the given leading axes."""
    vectors = normal(seed, *rotation, 3)
    flat = [reference.exponential(vector) for vector in vectors.reshape(-1, 3)]
    return cameras.PerspectiveCamera(
        rotation=jnp.float32(np.reshape(flat, (*rotation, 3, 3))),
        translation=jnp.asarray(normal(seed + 1, *translation, 3) - [0, 0, 8]),
        focal=jnp.asarray(3 + normal(seed + 2, *focal)),
        centre=jnp.asarray(normal(seed + 3, *centre, 2)),
    )


def seen(points, rotation, translation, focal, centre):
    """Pinhole projection of points [P, 3] in float64, z away from the camera."""
    before = points @ np.asarray(rotation, float).T + np.asarray(translation, float)
    depth = -before[:, 2]
    x = focal * before[:, 0] / depth + centre[0]
    y = -focal * before[:, 1] / depth + centre[1]
    return np.stack([x, y, depth], axis=-1)


def test_weak_perspective_moves_before_it_scales():
    points, camera = normal(0, 2, 5, 3), normal(1, 2, 3)
    found = cameras.project_weak_perspective(points, camera)
    for row in range(2):
        scale, tx, ty = camera[row].astype(float)
        x, y, z = points[row].astype(float).T
        expected = np.stack([scale * (x + tx), -scale * (y + ty), -scale * z], -1)
        np.testing.assert_allclose(found[row], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("of_points", "of_camera"), [((), (4,)), ((4,), ()), ((3,), (2, 1))]
)
def test_weak_perspective_broadcasts(of_points, of_camera):
    points, camera = normal(0, *of_points, 5, 3), normal(1, *of_camera, 3)
    found = cameras.project_weak_perspective(points, camera)
    batch = np.broadcast_shapes(of_points, of_camera)
    points = np.broadcast_to(points, (*batch, 5, 3))
    camera = np.broadcast_to(camera, (*batch, 3))
    for place in np.ndindex(batch):
        alone = cameras.project_weak_perspective(points[place], camera[place])
        np.testing.assert_allclose(found[place], alone, rtol=1e-6)


@pytest.mark.parametrize("way", ["weak", "pinhole"])
def test_both_cameras_see_the_subjects_left_at_the_right_and_the_top_above(way):
    """x of the model stays x of the picture, y up becomes y down, z becomes depth."""
    left_top_near = jnp.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]])
    if way == "weak":
        projected = cameras.project_weak_perspective(
            left_top_near, jnp.array([2.0, 0.0, 0.0])
        )
    else:
        camera = cameras.camera_in_front(field_of_view=0.5, distance=2.0)
        projected = cameras.project_perspective(left_top_near, camera)
    x, y, z = projected[0] - projected[1]
    assert x > 0 and y < 0 and z < 0
    column, row = cameras.projected_to_pixels(projected, (101, 101))[0]
    assert column > 50 and row < 50


def test_a_camera_in_front_fills_its_field_of_view():
    camera = cameras.camera_in_front(field_of_view=0.6, distance=2.5)
    edge = 2.5 * math.tan(0.3)
    corners = jnp.array([[edge, edge, 0.0], [-edge, 0.0, 0.0]])
    projected = cameras.project_perspective(corners, camera)
    expected = [[1.0, -1.0, 2.5], [-1.0, 0.0, 2.5]]
    np.testing.assert_allclose(projected, expected, atol=1e-6)


def test_a_far_pinhole_camera_is_a_weak_perspective_one():
    points = 0.1 * normal(0, 6, 3)
    camera = cameras.camera_in_front(field_of_view=1e-3, distance=400.0)
    weak = cameras.project_weak_perspective(
        points, jnp.array([camera.focal / 400, 0.0, 0.0])
    )
    found = cameras.project_perspective(points, camera)
    np.testing.assert_allclose(found[:, :2], weak[:, :2], rtol=2e-3)


@pytest.mark.parametrize(
    ("axes", "of_points"),
    [
        ({}, (3,)),
        ({"rotation": (4,)}, ()),
        ({"translation": (4,)}, ()),
        ({"focal": (4,)}, ()),
        ({"centre": (4,)}, ()),
        ({"rotation": (3,), "focal": (2, 1), "centre": (1, 3)}, (2, 1, 1)),
    ],
)
def test_perspective_is_similar_triangles_and_broadcasts(axes, of_points):
    camera, points = pinhole(**axes), normal(9, *of_points, 5, 3)
    found = jax.jit(cameras.project_perspective)(points, camera)
    batch = np.broadcast_shapes((), of_points, *axes.values())
    assert found.shape == (*batch, 5, 3)
    own = {"rotation": 2, "translation": 1, "focal": 0, "centre": 1}

    def row(array, sizes, place):
        array = np.asarray(array, np.float64)
        own_shape = array.shape[array.ndim - sizes :]
        return np.broadcast_to(array, (*batch, *own_shape))[place]

    for place in np.ndindex(batch):
        fields = [row(getattr(camera, n), sizes, place) for n, sizes in own.items()]
        expected = seen(row(points, 2, place), *fields)
        np.testing.assert_allclose(found[place], expected, rtol=2e-5, atol=2e-5)


def test_gradients_of_the_perspective_are_differences():
    camera, points, sought = pinhole(), normal(9, 4, 3), normal(8, 4, 3)
    arrays = [points, *jax.tree.leaves(camera)]

    def found(points, camera):
        return jnp.sum(sought * cameras.project_perspective(points, camera))

    gradients = jax.jit(jax.grad(found, argnums=(0, 1)))(jnp.asarray(points), camera)
    expected = reference.slopes(lambda *a: np.sum(sought * seen(*a)), arrays)
    for gradient, slope in zip(jax.tree.leaves(gradients), expected, strict=True):
        np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-5)


def test_points_at_and_behind_the_camera_are_finite_and_told_by_their_depth():
    camera = cameras.camera_in_front(field_of_view=0.5, distance=2.0)
    points = jnp.array([[0.1, 0.2, 2.0], [0.1, 0.2, 3.0], [0.1, 0.2, 1.0]])
    found = cameras.project_perspective(points, camera)
    np.testing.assert_allclose(found[:, 2], [0.0, -1.0, 1.0], atol=1e-6)
    assert np.isfinite(found).all()
    slopes = jax.jacrev(cameras.project_perspective)(points, camera)
    assert np.isfinite(slopes).all()


def test_the_screen_mirrors_x_and_y_and_moves_the_head_before_the_viewer():
    projected = normal(0, 2, 5, 3)
    found = cameras.to_screen(projected)
    np.testing.assert_array_equal(found[..., :2], -projected[..., :2])
    np.testing.assert_allclose(found[..., 2], projected[..., 2] + 10, rtol=1e-6)
    found = cameras.to_screen(projected, depth=0.0)
    np.testing.assert_array_equal(found, projected * np.float32([-1, -1, 1]))


@pytest.mark.parametrize("size", [(4, 6), (6, 4), (5, 5)])
def test_the_shorter_side_spans_the_unit_square(size):
    """Its outer edges, half a pixel beyond the outer centres, are at ±1."""
    height, width = size
    short = min(size)
    corners = jnp.array([[width / short, height / short], [0, 0]])
    found = cameras.projected_to_pixels(corners, size)
    expected = [[width - 0.5, height - 0.5], [(width - 1) / 2, (height - 1) / 2]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("size", [(4, 6), (6, 4)])
def test_pixels_come_back(size):
    projected = normal(0, 2, 5, 3)
    pixels = cameras.projected_to_pixels(projected, size)
    assert pixels.shape == (2, 5, 2)
    back = cameras.pixels_to_projected(pixels, size)
    np.testing.assert_allclose(back, projected[..., :2], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"field_of_view": 0.0}, r"field_of_view: expected \(0, pi\), got 0\.0"),
        ({"field_of_view": 3.2}, r"field_of_view: expected \(0, pi\), got 3\.2"),
        ({"field_of_view": math.nan}, r"field_of_view: expected \(0, pi\), got nan"),
        ({"distance": 0.0}, r"distance: expected above 0, got 0\.0"),
        ({"distance": math.nan}, "distance: expected above 0, got nan"),
    ],
)
def test_cameras_that_see_nothing_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        cameras.camera_in_front(**({"field_of_view": 0.5, "distance": 1.0} | change))


def test_a_camera_may_be_moved_by_replacing_its_fields():
    """The distance is the translation's; the scale of the picture follows it."""
    near = cameras.camera_in_front(field_of_view=0.5, distance=1.0)
    far = dataclasses.replace(near, translation=2 * near.translation)
    point = jnp.array([[0.1, 0.0, 0.0]])
    one, other = (cameras.project_perspective(point, c) for c in (near, far))
    np.testing.assert_allclose(one[0, :2], 2 * other[0, :2], rtol=1e-6)
    np.testing.assert_allclose(other[0, 2], 2 * one[0, 2], rtol=1e-6)
