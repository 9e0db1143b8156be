import functools

import jax
import numpy as np
import pytest

from face_jax.latent_ofer import cam
from tests.filled import fill
from tests.latent_ofer.small_networks import EXPRESSION, pictures, see


@pytest.fixture(scope="module")
def variables():
    return fill(EXPRESSION, pictures())


@functools.cache
def compiled(method):
    run = functools.partial(cam.class_activation_maps, EXPRESSION, method=method)
    return jax.jit(run)


@jax.jit
def slopes(variables, images, classes):
    """Activations and gradients of the logits of classes."""
    attended = EXPRESSION.apply(variables, images, method=EXPRESSION.attend)

    def chosen(attended):
        logits = EXPRESSION.apply(variables, attended, method=EXPRESSION.classify)
        return logits[np.arange(len(images)), classes].sum()

    return attended, jax.grad(chosen)(attended)


def in_numpy(variables, images, classes):
    return [np.asarray(x, np.float64) for x in slopes(variables, images, classes)]


def test_grad_cam_weighs_channels_by_their_mean_slope(variables):
    images, classes = pictures(), np.array([3, 1])
    activations, gradients = in_numpy(variables, images, classes)
    weights = gradients.mean(axis=(2, 3), keepdims=True)
    found = compiled("grad_cam")(variables, images, classes)
    expected = (weights * activations).sum(axis=-1)
    np.testing.assert_allclose(found.maps, expected, rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(found.classes, classes)


def test_grad_cam_plus_plus_weighs_places_too(variables):
    images, classes = pictures(), np.array([3, 1])
    activations, gradients = in_numpy(variables, images, classes)
    total = activations.sum(axis=(2, 3), keepdims=True)
    share = gradients**2 / (2 * gradients**2 + total * gradients**3 + 1e-6)
    weights = (np.maximum(gradients, 0) * share).sum(axis=(2, 3), keepdims=True)
    found = compiled("grad_cam_plus_plus")(variables, images, classes)
    expected = (weights * activations).sum(axis=-1)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found.maps, expected, rtol=1e-3, atol=1e-4 * scale)


def test_without_classes_the_likeliest_is_asked_for(variables):
    images = pictures()
    likeliest = see(variables, images).logits.argmax(axis=-1)
    found = compiled("grad_cam")(variables, images)
    np.testing.assert_array_equal(found.classes, likeliest)
    asked = compiled("grad_cam")(variables, images, likeliest)
    np.testing.assert_allclose(found.maps, asked.maps, rtol=1e-4, atol=1e-7)


def test_shown_maps_span_zero_to_one_where_they_are_largest():
    maps = np.array([[[[-5.0, 1.0], [2.0, 4.0]]]], np.float32)
    shown = np.asarray(cam.shown_maps(maps, (8, 8)))
    assert shown.shape == (1, 1, 8, 8)
    assert shown.min() == 0
    assert shown.max() == shown[0, 0, -1, -1] == 1
    np.testing.assert_allclose(shown[0, 0, 0, -1], 0.25, rtol=1e-6)
    np.testing.assert_allclose(shown[0, 0, -1, 0], 0.5, rtol=1e-6)


@pytest.mark.parametrize("level", [-1.0, 0.0, 3.0])
def test_maps_that_are_the_same_everywhere_show_nothing(level):
    maps = np.full((1, 2, 3, 3), level, np.float32)
    np.testing.assert_array_equal(cam.shown_maps(maps, (6, 6)), 0)


def test_another_method_is_refused(variables):
    with pytest.raises(ValueError, match=r"method: expected .*got 'score_cam'"):
        cam.class_activation_maps(EXPRESSION, variables, pictures(), method="score_cam")
