"""8-bit Lab against OpenCV, and against the definition in float64."""

import cv2
import jax
import numpy as np

from face_jax.nn import lab
from face_jax.nn.color_planes import join, split

to_lab = jax.jit(lambda images: join(lab.rgb_to_lab(split(images))))
to_rgb = jax.jit(lambda images: join(lab.lab_to_rgb(split(images))))


def lattice():
    """Every fifth level of each channel, and the ends: [1, 54 * 54, 54, 3]."""
    levels = np.array([*range(0, 256, 5), 1, 254])
    colors = np.stack(np.meshgrid(levels, levels, levels), axis=-1)
    return colors.reshape(1, -1, len(levels), 3).astype(np.uint8)


def test_lightness_equals_opencv_and_colours_nearly_do():
    rgb = lattice()
    expected = cv2.cvtColor(rgb[0], cv2.COLOR_RGB2LAB).astype(int)
    difference = np.abs(np.asarray(to_lab(rgb))[0] - expected)
    assert difference[..., 0].max() == 0
    assert difference.max() <= 1 and (difference > 0).mean() < 1e-3


def defined(rgb):
    """CIE L*a*b* of sRGB under D65, float64."""
    share = rgb / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    primaries = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    relative = linear @ primaries.T / primaries.sum(axis=1)
    root = np.where(
        relative > (6 / 29) ** 3,
        np.cbrt(relative),
        relative / (3 * (6 / 29) ** 2) + 4 / 29,
    )
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def test_the_definition():
    rgb = lattice()
    exact = defined(rgb[0]) * [2.55, 1, 1] + [0, 128, 128]
    difference = np.abs(np.asarray(to_lab(rgb))[0] - exact)
    # Intensities of 11 bits are coarse for dark colours, here as in OpenCV.
    assert difference.max() < 2.5 and difference.mean() < 0.3
    bright = rgb[0].min(axis=-1) > 60
    assert difference[bright].max() < 1


def test_back_from_lab():
    rgb = lattice()
    seen = cv2.cvtColor(rgb[0], cv2.COLOR_RGB2LAB)
    # Other lightness than any colour of the lattice has, as equalization makes it.
    for shift in (0, -40, 60):
        moved = seen.copy()
        moved[..., 0] = np.clip(seen[..., 0].astype(int) + shift, 0, 255)
        expected = cv2.cvtColor(moved, cv2.COLOR_LAB2RGB).astype(int)
        difference = np.abs(np.asarray(to_rgb(moved[None]))[0] - expected)
        assert difference.max() <= 2 and difference.mean() < 0.1


def test_greys_stay_grey():
    greys = np.arange(256, dtype=np.uint8)[None, None, :, None].repeat(3, axis=-1)
    found = np.asarray(to_lab(greys))
    assert (found[..., 1:] == 128).all() and (np.diff(found[0, 0, :, 0]) >= 0).all()
    assert found[0, 0, 0, 0] == 0 and found[0, 0, 255, 0] == 255
    again = np.asarray(to_rgb(found))
    assert (
        np.ptp(again, axis=-1).max() <= 1
        and np.abs(again - greys.astype(int)).max() <= 2
    )
