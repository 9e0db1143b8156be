import jax
import numpy as np
import pytest

from face_jax.losses.landmarks import landmark_error

PREDICTION, TARGET = np.random.default_rng(0).normal(size=(2, 4, 5, 2)).astype("f4")
PRESENT = np.array([True, False, True, False])


def missing():
    """The targets, without landmarks where there are none."""
    return np.where(PRESENT[:, None, None], TARGET, np.nan).astype(np.float32)


def test_items_with_landmarks_are_averaged():
    error = (PREDICTION.astype(np.float64) - TARGET) ** 2
    found = landmark_error(PREDICTION, TARGET)
    np.testing.assert_allclose(found, error.mean(), rtol=1e-6)
    some = landmark_error(PREDICTION, missing(), PRESENT)
    np.testing.assert_allclose(some, error[PRESENT].mean(), rtol=1e-6)
    assert some.dtype == np.float32


def test_nothing_is_nothing():
    assert landmark_error(PREDICTION, TARGET, np.zeros(4, bool)) == 0


def test_only_items_with_landmarks_have_a_gradient():
    gradient = jax.grad(landmark_error)(PREDICTION, missing(), PRESENT)
    expected = (PREDICTION - TARGET) * PRESENT[:, None, None] / 10
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("target", "present", "message"),
    [
        (TARGET[:, :4], PRESENT, r"target: expected \(4, 5, 2\), got \(4, 4, 2\)"),
        (TARGET, PRESENT[:3], r"present: expected \(4,\), got \(3,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(target, present, message):
    with pytest.raises(ValueError, match=message):
        landmark_error(PREDICTION, target, present)
