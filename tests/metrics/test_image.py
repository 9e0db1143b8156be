import numpy as np
import pytest

from face_jax.metrics import image


def images(seed, shape=(2, 20, 24, 3)):
    return np.random.default_rng(seed).random(shape, np.float32)


def ssim_by_loops(x, y, window=11, sigma=1.5):
    """The definition of Wang et al., one window at a time, in float64."""
    taps = np.exp(-((np.arange(window) - window // 2) ** 2) / (2 * sigma**2))
    kernel = np.outer(taps, taps) / taps.sum() ** 2
    height, width, channels = x.shape
    similarity = np.zeros((height - window + 1, width - window + 1, channels))
    for row, column, channel in np.ndindex(similarity.shape):
        a = x[row : row + window, column : column + window, channel].astype(float)
        b = y[row : row + window, column : column + window, channel].astype(float)
        mean_a, mean_b = (kernel * a).sum(), (kernel * b).sum()
        var_a = (kernel * (a - mean_a) ** 2).sum()
        var_b = (kernel * (b - mean_b) ** 2).sum()
        cov = (kernel * (a - mean_a) * (b - mean_b)).sum()
        similarity[row, column, channel] = (
            (2 * mean_a * mean_b + 1e-4) * (2 * cov + 9e-4)
        ) / ((mean_a**2 + mean_b**2 + 1e-4) * (var_a + var_b + 9e-4))
    return similarity


def test_l1_and_psnr_are_per_image():
    x, y = images(0), images(1)
    np.testing.assert_allclose(image.l1(x, y), np.abs(x - y).mean((1, 2, 3)), rtol=1e-6)
    expected = -10 * np.log10(((x - y).astype(float) ** 2).mean((1, 2, 3)))
    np.testing.assert_allclose(image.psnr(x, y), expected, rtol=1e-5)


def test_psnr_of_a_known_error():
    x = np.full((1, 4, 4, 3), 0.5, np.float32)
    np.testing.assert_allclose(image.psnr(x, x + 0.1), [20.0], rtol=1e-5)
    np.testing.assert_allclose(image.psnr(x, x), [100.0])


def test_regions_ignore_what_is_outside():
    x, y = images(0), images(1)
    boxes = np.array([[3, 2, 10, 13], [-5, -5, 4.6, 5.4]], np.float32)
    weights = image.box_weights(boxes, 20, 24)
    expected = [
        np.abs(x - y)[0, 2:13, 3:10].mean(),
        np.abs(x - y)[1, :5, :5].mean(),
    ]
    np.testing.assert_allclose(image.l1(x, y, weights), expected, rtol=1e-5)


def test_an_empty_region_is_nan_and_alone():
    x, y = images(0), images(1)
    boxes = np.array([[np.nan] * 4, [0, 0, 5, 5]], np.float32)
    values = np.asarray(image.psnr(x, y, image.box_weights(boxes, 20, 24)))
    assert np.isnan(values[0]) and np.isfinite(values[1])


def test_ssim_follows_its_definition():
    x = images(2)
    y = np.clip(x + 0.2 * images(3) - 0.1, 0, 1)
    expected = [ssim_by_loops(a, b).mean() for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(image.ssim(x, y), expected, atol=2e-5)
    np.testing.assert_allclose(image.ssim(x, x), 1.0, atol=1e-6)


def test_ssim_in_a_region_weighs_window_centres():
    x, y = images(2), images(3)
    boxes = np.array([[6, 7, 10, 9], [0, 0, 24, 20]], np.float32)
    values = image.ssim(x, y, image.box_weights(boxes, 20, 24))
    inside = ssim_by_loops(x[0], y[0])[2:4, 1:5].mean()
    whole = ssim_by_loops(x[1], y[1]).mean()
    np.testing.assert_allclose(values, [inside, whole], atol=2e-5)


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match="equal shape"):
        image.psnr(images(0), images(0)[:1])
    with pytest.raises(ValueError, match="at least 11 pixels"):
        image.ssim(images(0, (1, 8, 8, 3)), images(1, (1, 8, 8, 3)))
