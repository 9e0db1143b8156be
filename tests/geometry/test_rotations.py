import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry import rotations
from tests.geometry.reference import exponential

SMALL = [0.0, 1e-12, 1e-7, 1e-4, 0.05, 0.0999, 0.1001]
LARGE = [0.5, 2.0, np.pi - 1e-3, np.pi, np.pi + 1e-3, 6.0]


def vectors(angles):
    """Axis-angle vectors along a few axes, [A * 5, 3] float64."""
    axes = np.random.default_rng(0).normal(size=(2, 3))
    axes = np.concatenate([np.eye(3), axes / np.linalg.norm(axes, axis=1)[:, None]])
    return (np.asarray(angles)[:, None, None] * axes).reshape(-1, 3)


def exact(vectors):
    return np.array([exponential(vector) for vector in vectors])


def derivative(function, point, step=1e-5):
    """Jacobian by central differences in float64, [..., 3]."""
    point = np.asarray(point, np.float64)
    columns = [
        (function(point + step * axis) - function(point - step * axis)) / (2 * step)
        for axis in np.eye(len(point))
    ]
    return np.stack(columns, axis=-1)


to_matrix = jax.jit(rotations.axis_angle_to_matrix)
jacobian = jax.jit(jax.vmap(jax.jacrev(rotations.axis_angle_to_matrix)))


@pytest.mark.parametrize("convert", [to_matrix, jax.jit(rotations.rodrigues)])
def test_matrices_are_the_exponential_map(convert):
    given = vectors(SMALL + LARGE)
    np.testing.assert_allclose(convert(np.float32(given)), exact(given), atol=2e-6)


def test_derivatives_are_those_of_the_exponential_map():
    given = vectors(SMALL + LARGE)
    expected = [derivative(exponential, vector) for vector in given]
    np.testing.assert_allclose(jacobian(np.float32(given)), expected, atol=3e-6)


def test_the_published_form_is_finite_at_zero():
    slopes = jax.jacrev(rotations.rodrigues)(jnp.zeros(3))
    np.testing.assert_allclose(slopes, derivative(exponential, np.zeros(3)), atol=1e-6)


def test_skew_is_the_cross_product():
    one, other = np.random.default_rng(1).normal(size=(2, 7, 3))
    turned = np.einsum("bij,bj->bi", rotations.skew(jnp.array(one)), other)
    np.testing.assert_allclose(turned, np.cross(one, other), atol=1e-6)


def test_quaternions_are_half_angles():
    given = vectors(SMALL + LARGE)
    angle = np.linalg.norm(given, axis=-1, keepdims=True)
    axis = given / np.where(angle > 0, angle, 1)
    expected = np.concatenate([np.cos(angle / 2), np.sin(angle / 2) * axis], axis=-1)
    found = jax.jit(rotations.axis_angle_to_quaternion)(np.float32(given))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    matrices = jax.jit(rotations.quaternion_to_matrix)(3 * found)
    np.testing.assert_allclose(matrices, exact(given), atol=2e-6)


@pytest.mark.parametrize("through", ["quaternion", "matrix"])
def test_axis_angle_vectors_come_back(through):
    there = getattr(rotations, f"axis_angle_to_{through}")
    back = getattr(rotations, f"{through}_to_axis_angle")
    given = vectors([*SMALL, 0.5, 2.0, np.pi - 1e-3])
    found = jax.jit(lambda vector: back(there(vector)))(np.float32(given))
    np.testing.assert_allclose(found, given, rtol=1e-4, atol=3e-6)


@pytest.mark.parametrize("angle", [np.pi, np.pi + 1e-3, 6.0])
def test_rotations_beyond_pi_come_back_as_the_same_rotation(angle):
    given = vectors([angle])
    found = jax.jit(rotations.matrix_to_axis_angle)(np.float32(exact(given)))
    assert np.all(np.linalg.norm(found, axis=-1) <= np.pi + 1e-5)
    np.testing.assert_allclose(exact(found), exact(given), atol=3e-6)


@pytest.mark.parametrize("through", ["quaternion", "matrix"])
@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.3, 2.5, 3.1])
def test_derivatives_there_and_back_cancel(through, angle):
    there = getattr(rotations, f"axis_angle_to_{through}")
    back = getattr(rotations, f"{through}_to_axis_angle")
    slopes = jax.jit(jax.vmap(jax.jacfwd(lambda vector: back(there(vector)))))
    found = slopes(np.float32(vectors([angle])))
    expected = np.broadcast_to(np.eye(3), found.shape)
    np.testing.assert_allclose(found, expected, atol=2e-4)


HALF_TURNS = [
    np.diag(d).astype(np.float32) for d in ([1, -1, -1], [-1, 1, -1], [-1, -1, 1])
]
CONVERSIONS = [
    (rotations.matrix_to_quaternion, [np.eye(3, dtype=np.float32), *HALF_TURNS]),
    (rotations.matrix_to_axis_angle, [np.eye(3, dtype=np.float32), *HALF_TURNS]),
    (rotations.matrix_to_rotation_6d, [np.eye(3, dtype=np.float32), *HALF_TURNS]),
    (rotations.axis_angle_to_quaternion, np.float32(vectors([0, np.pi]))),
    (rotations.quaternion_to_axis_angle, np.eye(4, dtype=np.float32)),
    (rotations.quaternion_to_matrix, np.eye(4, dtype=np.float32)),
    (rotations.rotation_6d_to_matrix, np.float32([[1, 0, 0, 0, -1, 0], [0] * 6])),
]


@pytest.mark.parametrize(
    "convert, places", CONVERSIONS, ids=lambda x: getattr(x, "__name__", "")
)
def test_values_and_derivatives_are_finite_at_zero_and_pi(convert, places):
    places = jnp.asarray(np.array(places))
    assert np.isfinite(jax.jit(convert)(places)).all()
    for way in (jax.jacrev, jax.jacfwd):
        assert np.isfinite(jax.jit(jax.vmap(way(convert)))(places)).all()


def test_every_component_may_be_the_largest_of_a_quaternion():
    quaternions = np.random.default_rng(2).normal(size=(200, 4))
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    quaternions *= np.where(quaternions[:, :1] < 0, -1, 1)
    assert set(np.abs(quaternions).argmax(1)) == {0, 1, 2, 3}
    matrices = rotations.quaternion_to_matrix(np.float32(quaternions))
    found = jax.jit(rotations.matrix_to_quaternion)(matrices)
    np.testing.assert_allclose(found, quaternions, atol=2e-6)


def test_the_6d_form_is_two_columns_and_forgives_their_lengths():
    matrices = np.float32(exact(vectors([0.0, 0.5, np.pi])))
    form = rotations.matrix_to_rotation_6d(matrices)
    np.testing.assert_array_equal(form[:, :3], matrices[:, :, 0])
    back = jax.jit(rotations.rotation_6d_to_matrix)
    np.testing.assert_allclose(back(form), matrices, atol=1e-6)
    spoilt = np.concatenate([2 * form[:, :3], 3 * form[:, 3:] + form[:, :3]], axis=-1)
    np.testing.assert_allclose(back(spoilt), matrices, atol=1e-6)


def test_leading_axes_are_free():
    given = np.float32(vectors([0.3, 1.0])).reshape(2, 5, 3)
    for convert in (rotations.axis_angle_to_matrix, rotations.axis_angle_to_quaternion):
        each = functools.partial(jax.vmap, in_axes=0)
        np.testing.assert_allclose(
            convert(given), each(each(convert))(given), atol=1e-7
        )
