"""The filter of signals and of rotations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from face_jax.temporal import one_euro

INTERVAL = 0.04


def reference(values, lag, strength):
    """The module's three lines in numpy, for one signal [T, D]."""
    values = np.asarray(values, np.float64)
    x = y = values[0]
    v, rest, dt = np.zeros_like(x), one_euro.REST_TIME_CONSTANT, INTERVAL
    found = []
    for new in values:
        m = (new - x) / dt
        v = m + np.exp(-dt / one_euro.VELOCITY_TIME_CONSTANT) * (v - m)
        t = strength * rest / (1 + rest * np.linalg.norm(v) / lag)
        y = new - t * m + np.exp(-dt / t) * (y - x + t * m)
        x = new
        found.append(y)
    return np.array(found)


def filtered(values, rotations, lag, strength):
    """A signal and rotations, both [T, 3]."""
    start = (
        one_euro.at_rest(values[0], lag),
        one_euro.at_rest_rotation(rotations[0], lag),
    )
    return scan(start, (jnp.asarray(values), jnp.asarray(rotations)), strength)


@jax.jit
def scan(start, values, strength):
    timing = {"strength": strength, "interval": INTERVAL}

    def step(states, inputs):
        signal, value = one_euro.advance(states[0], inputs[0], **timing)
        rotation, turn = one_euro.advance_rotation(states[1], inputs[1], **timing)
        return (signal, rotation), (value, turn)

    return jax.lax.scan(step, start, values)[1]


def wobbling(seed=0, count=80):
    random = np.random.default_rng(seed)
    slow = 0.5 * np.sin(np.arange(count) / 9)[:, None] * [1.0, 0.2, -0.4]
    return (slow + 0.02 * random.normal(size=(count, 3))).astype(np.float32)


def test_signals_follow_the_documented_formula():
    found, _ = filtered(wobbling(), wobbling(), 0.05, 0.7)
    np.testing.assert_allclose(found, reference(wobbling(), 0.05, 0.7), atol=1e-5)


def test_rotations_about_one_axis_are_signals():
    angles = wobbling()[:, :1]
    turns = angles * np.array([[0, 1, 0]], np.float32)
    signal, rotation = filtered(turns, turns, 0.05, 0.7)
    np.testing.assert_allclose(rotation, signal, atol=2e-6)


def test_rotations_are_filtered_alike_from_every_side():
    turns = wobbling()
    other = np.asarray(axis_angle_to_matrix(jnp.array([0.4, 2.6, -0.9])))
    moved = matrix_to_axis_angle(other @ np.asarray(axis_angle_to_matrix(turns)))
    _, plain = filtered(turns, turns, 0.05, 0.7)
    _, found = filtered(turns, moved, 0.05, 0.7)
    expected = other @ np.asarray(axis_angle_to_matrix(plain))
    np.testing.assert_allclose(axis_angle_to_matrix(found), expected, atol=2e-5)


def test_strength_zero_is_the_identity():
    signal, rotation = filtered(wobbling(), wobbling(), 0.05, 0.0)
    np.testing.assert_array_equal(signal, wobbling())
    np.testing.assert_allclose(rotation, wobbling(), atol=1e-6)


def test_the_output_stays_in_the_range_of_the_input():
    values = np.clip(wobbling(), 0, 0.3)
    signal, _ = filtered(values, values, 0.05, 1.0)
    assert signal.min() >= -1e-6 and signal.max() <= 0.3 + 1e-6


@pytest.mark.parametrize("strength,rate", [(-0.1, 25), (1.1, 25), (0.5, np.nan)])
def test_settings_out_of_range_are_refused(strength, rate):
    with pytest.raises(ValueError, match="expected, got"):
        one_euro.check_settings(strength, rate)
