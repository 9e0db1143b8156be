import cv2
import jax
import numpy as np
import pytest
from scipy import ndimage

from face_jax.nn import resample


def images(*shape):
    return np.random.default_rng(0).random(shape).astype(np.float32)


@pytest.mark.parametrize(
    ("scale", "taps", "sigma"), [(0.5, 5, 0.5), (0.25, 13, 1.5), (0.125, 29, 3.5)]
)
def test_kernel_has_the_published_size_and_width(scale, taps, sigma):
    kernel = resample.gaussian_kernel(scale)
    assert len(kernel) == taps
    middle = taps // 2
    ratio = kernel[middle + 1] / kernel[middle]
    assert ratio == pytest.approx(np.exp(-0.5 / sigma**2), rel=1e-5)
    assert kernel.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(24, 16), (23, 17)])
def test_downsampling_is_a_zero_padded_blur_and_every_fourth_pixel(shape):
    x = images(1, *shape, 2)
    kernel = resample.gaussian_kernel(0.25)
    blurred = ndimage.convolve1d(x, kernel, axis=1, mode="constant")
    blurred = ndimage.convolve1d(blurred, kernel, axis=2, mode="constant")
    actual = resample.antialias_downsample(x, 0.25)
    np.testing.assert_allclose(actual, blurred[:, ::4, ::4], atol=1e-6)


def test_downsampling_by_one_is_the_identity():
    x = images(1, 5, 6, 3)
    assert resample.antialias_downsample(x, 1) is x


def test_a_scale_between_whole_steps_is_refused():
    with pytest.raises(ValueError, match=r"0\.3"):
        resample.antialias_downsample(images(1, 6, 6, 3), 0.3)


@pytest.mark.parametrize("size", [(11, 5), (40, 37), (20, 8)])
def test_bilinear_agrees_with_opencv(size):
    x = images(2, 20, 16, 3)
    expected = np.stack(
        [cv2.resize(i, size[::-1], interpolation=cv2.INTER_LINEAR) for i in x]
    )
    np.testing.assert_allclose(resample.resize_bilinear(x, size), expected, atol=2e-6)


def test_aligned_corners_keep_the_corners_and_interpolate_between():
    x = images(1, 4, 5, 1)
    actual = np.asarray(resample.resize_bilinear(x, (7, 9), align_corners=True))
    np.testing.assert_allclose(actual[0, ::2, ::2], x[0], atol=1e-6)
    np.testing.assert_allclose(actual[0, 1, 0], (x[0, 0, 0] + x[0, 1, 0]) / 2, 1e-5)


@pytest.mark.parametrize("size", [(8, 8), (13, 40), (50, 9), (31, 24), (1, 3)])
def test_antialiased_resize_follows_scikit_image(size):
    x = images(1, 31, 24, 3)
    factors = np.divide(x.shape[1:3], size)
    sigma = np.maximum(0, (factors - 1) / 2)
    blurred = ndimage.gaussian_filter(
        x[0].astype(np.float64), (*sigma, 0), mode="mirror", truncate=4.0
    )
    zoom = (*np.divide(size, x.shape[1:3]), 1)
    expected = ndimage.zoom(blurred, zoom, order=1, mode="mirror", grid_mode=True)
    actual = resample.resize_antialiased(x, size)
    np.testing.assert_allclose(actual[0], expected, atol=2e-6)


def test_resizing_differentiates():
    x = images(1, 6, 6, 1)
    gradient = jax.grad(lambda x: resample.resize_bilinear(x, (12, 12)).sum())(x)
    # Every one of the 144 outputs spreads a total weight of 1 over the inputs.
    assert float(gradient.sum()) == pytest.approx(144, rel=1e-5)
