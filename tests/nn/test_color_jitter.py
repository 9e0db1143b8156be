import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from face_jax.nn import color_jitter as jitter

color_jitter = jax.jit(jitter.color_jitter)

ENHANCERS = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)


@pytest.fixture(scope="module")
def image():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (40, 48, 3))
    noise[:10] = rng.integers(0, 256, (10, 48, 1))  # greys
    noise[10:12] = rng.choice([0, 255], (2, 48, 3))  # ties and extremes
    return noise.astype(np.uint8)


def pillow(image, factors, order):
    """The four operations of an 8-bit image library, in a given order."""
    picture = Image.fromarray(image)
    for operation in order:
        if operation == jitter.HUE:
            hsv = np.array(picture.convert("HSV"))
            hsv[..., 0] += np.array(int(factors[3] * 255)).astype(np.uint8)
            picture = Image.fromarray(hsv, "HSV").convert("RGB")
        else:
            picture = ENHANCERS[operation](picture).enhance(factors[operation])
    return np.asarray(picture)


def test_every_order_equals_pillow_bit_for_bit(image):
    orders = np.array(list(itertools.permutations(range(4))))
    rng = np.random.default_rng(1)
    factors = rng.uniform(0.6, 1.4, (len(orders), 4)).astype(np.float32)
    factors[:, 3] = rng.uniform(-0.5, 0.5, len(orders))
    expected = np.stack(
        [pillow(image, f.tolist(), o) for f, o in zip(factors, orders, strict=True)]
    )
    images = jnp.broadcast_to(image, expected.shape)
    actual = color_jitter(images, factors, orders)
    np.testing.assert_array_equal(actual, expected)


def test_hsv_equals_pillow_for_a_lattice_of_colours():
    levels = np.array([*range(0, 256, 5), 1, 2, 3, 84, 86, 169, 171, 253, 254])
    lattice = np.stack(np.meshgrid(levels, levels, levels), axis=-1)
    rgb = lattice.reshape(len(levels), -1, 3).astype(np.uint8)
    expected = np.asarray(Image.fromarray(rgb).convert("HSV"))
    planes = tuple(np.moveaxis(rgb.astype(np.int32), -1, 0))
    actual = jax.jit(jitter.rgb_to_hsv)(planes)
    np.testing.assert_array_equal(np.stack(actual, axis=-1), expected)
    expected = np.asarray(Image.fromarray(rgb, "HSV").convert("RGB"))
    actual = jax.jit(jitter.hsv_to_rgb)(planes)
    np.testing.assert_array_equal(np.stack(actual, axis=-1), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_neutral_factors_change_nothing(image, dtype):
    factors = np.array([1, 1, 1, 0], np.float32)
    actual = color_jitter(image.astype(dtype), factors, np.array([3, 1, 0, 2]))
    assert actual.dtype == dtype
    np.testing.assert_array_equal(actual, image)


def test_one_row_of_factors_serves_all_images_of_an_item(image):
    images = np.stack([np.stack([image, 255 - image]), np.stack([image // 2, image])])
    factors = np.array([[[1.1, 0.9, 1.2, 0.1]], [[0.9, 1.2, 0.7, -0.2]]], np.float32)
    order = np.array([[[0, 3, 1, 2]], [[1, 2, 3, 0]]])
    actual = color_jitter(images, factors, order)
    for b, s in np.ndindex(2, 2):
        expected = pillow(images[b, s], factors[b, 0].tolist(), order[b, 0])
        np.testing.assert_array_equal(actual[b, s], expected)


@pytest.mark.parametrize("order", [(0, 2, 3, 1), (1, 0, 2, 3), (2, 1, 3, 0)])
def test_a_crop_with_its_frame_as_reference_is_the_crop_of_the_jittered_frame(
    image, order
):
    factors = np.array([1.2, 0.6, 1.3, 0.07], np.float32)
    crop = np.s_[:12, 5:30]
    actual = color_jitter(image[crop], factors, np.array(order), image)
    expected = pillow(image, factors.tolist(), order)[crop]
    np.testing.assert_array_equal(actual, expected)
    alone = color_jitter(image[crop], factors, np.array(order))
    assert (np.asarray(alone) != expected).any()
