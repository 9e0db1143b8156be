import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.euler import euler_to_matrix, euler_y, matrix_to_euler

ORDERS = ["".join(order) for order in itertools.permutations("XYZ")]
RIGHT = np.pi / 2


def turn(axis, angle):
    """A turn about one coordinate axis, written out."""
    c, s = np.cos(angle), np.sin(angle)
    return {
        "X": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "Y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        "Z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


def product(order, angles):
    first, second, third = (turn(a, x) for a, x in zip(order, angles, strict=True))
    return first @ second @ third


@pytest.mark.parametrize("order", ORDERS)
def test_angles_are_turns_about_the_named_axes(order):
    angles = np.random.default_rng(0).uniform(-1.5, 1.5, (20, 3))
    matrices = [product(order, a) for a in angles]
    there = jax.jit(euler_to_matrix, static_argnums=1)(np.float32(angles), order)
    np.testing.assert_allclose(there, matrices, atol=1e-6)
    back = jax.jit(matrix_to_euler, static_argnums=1)(np.float32(matrices), order)
    np.testing.assert_allclose(back, angles, atol=2e-5)


@pytest.mark.parametrize("order", ["XYZ", "ZYX"])
@pytest.mark.parametrize("second", [RIGHT, -RIGHT, RIGHT - 1e-6, RIGHT - 1e-4, 1.56])
def test_angles_give_the_matrix_back_where_one_axis_is_lost(order, second):
    angles = np.array([[0.4, second, -0.7], [0.0, second, 3.0], [2.0, second, 0.0]])
    matrices = np.float32([product(order, a) for a in angles])
    found = matrix_to_euler(jnp.array(matrices), order)
    again = [product(order, a) for a in np.float64(found)]
    np.testing.assert_allclose(again, matrices, atol=2e-6)


@pytest.mark.parametrize("angle", [0.0, np.pi, RIGHT, -RIGHT])
def test_derivatives_are_finite(angle):
    matrices = jnp.array([turn(axis, angle) for axis in "XYZ"], jnp.float32)
    for function in (matrix_to_euler, euler_y):
        slopes = jax.jit(jax.vmap(jax.jacrev(function)))(matrices)
        assert np.isfinite(slopes).all()
    angles = jnp.array([angle, 0.0, 0.0])
    slopes = jax.jacrev(lambda a: matrix_to_euler(euler_to_matrix(a)))(angles)
    np.testing.assert_allclose(slopes, np.eye(3), atol=1e-5)


def test_the_yaw_is_the_middle_angle_of_zyx():
    angles = np.random.default_rng(1).uniform(-1.5, 1.5, (20, 3))
    matrices = jnp.array([product("ZYX", a) for a in angles], jnp.float32)
    np.testing.assert_allclose(euler_y(matrices), angles[:, 1], atol=1e-5)


@pytest.mark.parametrize("order", ["XY", "XXZ", "xyz", "XYZX"])
def test_unknown_orders_are_refused(order):
    with pytest.raises(ValueError, match="order: expected a permutation of XYZ"):
        euler_to_matrix(jnp.zeros(3), order)
    with pytest.raises(ValueError, match="order"):
        matrix_to_euler(jnp.eye(3), order)
