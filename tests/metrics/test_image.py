import numpy as np
import pytest
from scipy import ndimage

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
    np.testing.assert_allclose(image.ssim(x, y), expected, atol=1e-5)
    np.testing.assert_allclose(image.ssim(x, x), 1.0, atol=1e-6)


def test_ssim_in_a_region_weighs_window_centres():
    x, y = images(2), images(3)
    boxes = np.array([[6, 7, 10, 9], [0, 0, 24, 20]], np.float32)
    values = image.ssim(x, y, image.box_weights(boxes, 20, 24))
    inside = ssim_by_loops(x[0], y[0])[2:4, 1:5].mean()
    whole = ssim_by_loops(x[1], y[1]).mean()
    np.testing.assert_allclose(values, [inside, whole], atol=1e-5)


def ms_ssim_by_scipy(x, y):
    """The definition of Wang et al. of 2003 on one image, in float64."""
    x, y, product = x.astype(float), y.astype(float), np.ones(x.shape[-1])
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):

        def blur(values):
            found = ndimage.gaussian_filter(values, 1.5, axes=(0, 1), radius=5)
            return found[5:-5, 5:-5]

        mean_x, mean_y = blur(x), blur(y)
        covariance = blur(x * y) - mean_x * mean_y
        spread = blur(x * x) - mean_x**2 + blur(y * y) - mean_y**2
        similar = (2 * covariance + 9e-4) / (spread + 9e-4)
        if scale == 4:
            levels = mean_x**2 + mean_y**2
            similar = similar * (2 * mean_x * mean_y + 1e-4) / (levels + 1e-4)
        product = product * np.maximum(similar.mean((0, 1)), 0) ** weight
        x, y = (
            np.mean([v[a : len(v) // 2 * 2 : 2, b : v.shape[1] // 2 * 2 : 2]
                     for a in (0, 1) for b in (0, 1)], axis=0)
            for v in (x, y)
        )  # fmt: skip
    return product.mean()


def test_ms_ssim_follows_its_definition():
    smooth = ndimage.gaussian_filter(images(4, (2, 177, 190, 3)), (0, 3, 3, 0))
    x = (smooth - smooth.min()) / np.ptp(smooth)
    y = np.clip(x + 0.3 * images(5, x.shape) - 0.1, 0, 1)
    expected = [ms_ssim_by_scipy(a, b) for a, b in zip(x, y, strict=True)]
    assert 0.3 < min(expected) < 0.95
    np.testing.assert_allclose(image.ms_ssim(x, y), expected, atol=1e-5)
    np.testing.assert_allclose(image.ms_ssim(x, x), 1.0, atol=1e-6)


def test_degenerate_images_have_scores():
    flat = np.full((1, 176, 176, 3), 0.3, np.float32)
    for metric in (image.ssim, image.ms_ssim):
        np.testing.assert_allclose(metric(flat, flat), 1.0, atol=1e-5)
    darker = 2 * 0.3 * 0.2 / (0.3**2 + 0.2**2)
    np.testing.assert_allclose(image.ssim(flat, flat - 0.1), darker, atol=1e-3)
    board = np.indices((176, 176)).sum(0)[None, ..., None] % 2
    assert image.ms_ssim(board, 1 - board) == 0


def test_constant_images_have_errors_of_their_difference():
    dark, light = (np.full((1, 20, 20, 3), v, np.float32) for v in (0.25, 0.5))
    np.testing.assert_allclose(image.l1(dark, light), 0.25)
    np.testing.assert_allclose(image.mean_squared_error(dark, light), 0.0625)
    np.testing.assert_allclose(image.psnr(dark, light), 12.0412, atol=1e-4)
    # No structure at all: what is left is how alike the levels are.
    expected = (2 * 0.25 * 0.5 + 1e-4) / (0.25**2 + 0.5**2 + 1e-4)
    np.testing.assert_allclose(image.ssim(dark, light), expected, atol=1e-5)


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match="at least 176 pixels"):
        image.ms_ssim(images(0, (1, 175, 200, 3)), images(1, (1, 175, 200, 3)))
    with pytest.raises(ValueError, match="equal shape"):
        image.psnr(images(0), images(0)[:1])
    with pytest.raises(ValueError, match="at least 11 pixels"):
        image.ssim(images(0, (1, 8, 8, 3)), images(1, (1, 8, 8, 3)))
