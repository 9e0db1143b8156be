import functools

import jax
import numpy as np
import pytest

from face_jax.nn.resample import resize_bilinear
from face_jax.smirk.perceptual import (
    perceptual_features,
    perceptual_network,
    perceptual_terms,
)
from tests.filled import fill

SIDE = 16


def pictures():
    return jax.random.uniform(jax.random.key(0), (2, 3, 24, 20, 3))


@pytest.fixture(scope="module")
def variables():
    return fill(perceptual_network(), pictures()[0])


@pytest.mark.parametrize("squeezed", [True, False])
def test_the_network_sees_resized_pictures_in_either_range(variables, squeezed):
    images = pictures()[0]
    features = functools.partial(perceptual_features, squeezed=squeezed, side=SIDE)
    found = jax.jit(features)(variables, images)
    seen = resize_bilinear(images, (SIDE, SIDE))
    seen = 0.5 + 0.5 * seen if squeezed else seen
    expected = jax.jit(perceptual_network().apply)(variables, seen)
    assert [x.shape[1:] for x in found] == [
        (16, 16, 64),
        (8, 8, 128),
        (4, 4, 256),
        (2, 2, 512),
    ]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


def test_terms_are_mean_absolute_differences(variables):
    @jax.jit
    def run(variables, made, target):
        pair = (perceptual_features(variables, x, side=SIDE) for x in (made, target))
        return perceptual_terms(variables, made, target, side=SIDE), *pair

    found, *maps = run(variables, *pictures())
    expected = [np.abs(a - b).mean() for a, b in zip(*maps, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert (np.asarray(found) > 0).all()


def test_pictures_are_seen_at_224_pixels_by_default(variables):
    shapes = jax.eval_shape(perceptual_features, variables, pictures()[0])
    assert [x.shape[1] for x in shapes] == [224, 112, 56, 28]
