"""Colour changes against computations of their own."""

import colorsys

import cv2
import numpy as np
import pytest

from data_pipelines.transforms import color_changes as changes


def noise_picture(size=24, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


def rounded(levels):
    return np.clip(np.floor(np.asarray(levels) + 0.5), 0, 255)


def close(found, expected, atol=1):
    assert found.dtype == np.uint8 and found.shape == np.shape(expected)
    np.testing.assert_allclose(found.astype(float), expected, atol=atol)


@pytest.mark.parametrize(("factor", "shift"), [(0.8, 0.2), (1.2, -0.2), (1.0, 0.0)])
def test_contrast_and_brightness(factor, shift):
    image = noise_picture()
    found = changes.scale_and_shift_levels(image, factor, shift)
    close(found, np.clip(factor * image.astype(float) + 255 * shift, 0, 255), 0.501)


@pytest.mark.parametrize("exponent", [0.8, 1.2])
def test_gamma(exponent):
    image = noise_picture()
    expected = np.exp(exponent * np.log(np.maximum(image, 1e-9) / 255)) * 255
    close(changes.change_gamma(image, exponent), expected, 0.501)
    brighter = changes.change_gamma(image, exponent).mean() > image.mean()
    assert brighter == (exponent < 1)


def test_channels_are_shifted_by_themselves():
    image, shifts = noise_picture(), np.array([20.0, -7.25, 0.0])
    expected = np.clip(image.astype(float) + shifts, 0, 255)
    found = changes.shift_channels(image, shifts)
    close(found, expected, 0.501)
    np.testing.assert_array_equal(found[..., 2], image[..., 2])


def jittered(levels, factors, order):
    """One pixel at a time, in the given order."""
    pixels = levels.reshape(-1, 3).astype(float)
    for number in order:
        grey = pixels @ [0.299, 0.587, 0.114]
        factor = factors[number]
        if number == 0:
            pixels = pixels * factor
        elif number == 1:
            pixels = grey.mean() + factor * (pixels - grey.mean())
        elif number == 2:
            pixels = grey[:, None] + factor * (pixels - grey[:, None])
        else:
            hsv = [colorsys.rgb_to_hsv(*(pixel / 255)) for pixel in pixels]
            turned = [colorsys.hsv_to_rgb((h + factor) % 1, s, v) for h, s, v in hsv]
            pixels = 255 * np.array(turned)
        pixels = np.clip(pixels, 0, 255)
    return pixels.reshape(levels.shape)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_jitter_in_any_order(order):
    image, factors = noise_picture(12), np.array([0.95, 1.05, 0.7, 0.05])
    found = changes.jitter_colors(image, factors, np.array(order))
    close(found, jittered(image, factors, order), 0.52)


def test_neutral_jitter_changes_nothing():
    image = noise_picture()
    found = changes.jitter_colors(image, np.array([1, 1, 1, 0.0]), np.arange(4))
    np.testing.assert_array_equal(found, image)


def test_boxes_are_means_and_mirror_the_border():
    image = noise_picture(9)
    found = changes.blur_box(image, 5)
    padded = np.pad(image.astype(float), ((2, 2), (2, 2), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(0, 1))
    close(found, windows.mean(axis=(-2, -1)), 0.501)
    np.testing.assert_array_equal(changes.blur_box(image, 1), image)


def test_noise_has_its_deviation_and_seed():
    grey = np.full((128, 128, 3), 128, np.uint8)
    found = changes.add_noise(grey, 7.0, seed=5)
    residual = found.astype(float) - 128
    assert abs(residual.mean()) < 0.1
    assert residual.std() == pytest.approx(np.sqrt(49 + 1 / 12), rel=0.02)
    # No channel and no pixel follows another.
    channels = np.corrcoef(residual.reshape(-1, 3).T)
    assert np.abs(channels - np.eye(3)).max() < 0.03
    assert abs(np.corrcoef(residual[1:].ravel(), residual[:-1].ravel())[0, 1]) < 0.03
    np.testing.assert_array_equal(changes.add_noise(grey, 7.0, seed=5), found)
    assert not np.array_equal(changes.add_noise(grey, 7.0, seed=6), found)


def lightness(image):
    """CIE L* by the formulas, 0..100."""
    linear = image.astype(float) / 255
    linear = np.where(
        linear > 0.04045, ((linear + 0.055) / 1.055) ** 2.4, linear / 12.92
    )
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    root = np.cbrt(luminance)
    return np.where(luminance > 0.008856, 116 * root - 16, 903.3 * luminance)


def tile_tables(light, limit):
    """Levels by equalization of each of 8 x 8 tiles, [8, 8, 256]."""
    side = light.shape[0] // 8
    tables = np.zeros((8, 8, 256))
    for row, column in np.ndindex(8, 8):
        tile = light[row * side :, column * side :][:side, :side]
        counts = np.bincount(tile.ravel(), minlength=256)
        most = int(limit * side**2 / 256)
        each, rest = divmod(int(np.maximum(counts - most, 0).sum()), 256)
        counts = np.minimum(counts, most) + each
        # What does not go round is strewn evenly, from the darkest level on.
        counts[:: max(256 // max(rest, 1), 1)][:rest] += 1
        tables[row, column] = np.cumsum(counts) * 255 / side**2
    return tables


def equalized(light, limit):
    """Between the tables of the four nearest tiles."""
    size, tables = light.shape[0], tile_tables(light, limit)
    place = np.arange(size) / (size // 8) - 0.5
    first = np.floor(place).astype(int)
    found = np.zeros(light.shape)
    for down, right in np.ndindex(2, 2):
        share = np.outer(*(1 - np.abs(place - first - step) for step in (down, right)))
        rows, columns = (np.clip(first + step, 0, 7) for step in (down, right))
        found += share * tables[rows[:, None], columns, light]
    return found


@pytest.mark.parametrize("limit", [1.0, 2.5, 4.0])
def test_equalization_of_lightness_by_tiles(limit):
    random = np.random.default_rng(2)
    wave = 40 * np.sin(np.arange(128) / 20)
    grey = np.clip(110 + wave + random.normal(0, 9, (128, 128)), 0, 255)
    image = np.repeat(np.rint(grey)[..., None], 3, axis=2).astype(np.uint8)
    light = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[..., 0]
    found = lightness(changes.equalize_locally(image, limit, 8)) * 2.55
    difference = np.abs(found - equalized(light, limit))
    assert difference.max() < 2
    assert np.abs(found - light).mean() > 4


def test_equalization_keeps_grey_grey_and_tiles_apart():
    # The left half is dark, the right half bright: both are equalized by themselves.
    random = np.random.default_rng(3)
    levels = np.where(np.arange(128) < 64, 40, 200) + random.integers(0, 15, (128, 128))
    image = (levels[..., None] * np.ones(3)).astype(np.uint8)
    found = changes.equalize_locally(image, 4.0, 4).astype(int)
    assert np.ptp(found, axis=-1).max() <= 3
    light = lightness(found)
    before = lightness(image)
    for half in (slice(0, 48), slice(80, 128)):
        assert light[:, half].std() > 2 * before[:, half].std()
    assert light[:, 80:].mean() > light[:, :48].mean() + 30


def test_every_change_leaves_its_input_alone():
    image = noise_picture()
    before = image.copy()
    image.flags.writeable = False
    for change in (
        lambda: changes.scale_and_shift_levels(image, 1.1, 0.1),
        lambda: changes.change_gamma(image, 0.9),
        lambda: changes.jitter_colors(image, np.full(4, 0.9), np.arange(4)),
        lambda: changes.equalize_locally(image, 2.0, 2),
        lambda: changes.shift_channels(image, np.array([1.0, 2.0, 3.0])),
        lambda: changes.blur_box(image, 3),
        lambda: changes.add_noise(image, 3.0, 0),
    ):
        assert not np.array_equal(change(), before)
    np.testing.assert_array_equal(image, before)
