import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.patch_labels import (
    covered_patches,
    patch_cover,
    untouched_patches,
)


def mask(*values):
    """One picture of 4 x 6 pixels, 2 x 3 patches of 2, from (patch, pixel, alpha)."""
    found = np.zeros((1, 4, 6), np.uint8)
    for patch, pixel, alpha in values:
        row, column = 2 * (patch // 3) + pixel // 2, 2 * (patch % 3) + pixel % 2
        found[0, row, column] = alpha
    return found


def test_the_cover_is_a_share_of_pixels_in_raster_order():
    found = patch_cover(mask((1, 0, 255), (4, 1, 255), (4, 3, 128), (5, 2, 127)), 2)
    np.testing.assert_array_equal(found, [[0, 0.25, 0, 0, 0.5, 0]])
    assert found.dtype == jnp.float32


def test_shadows_and_clear_lenses_cover_nothing():
    shadow = np.full((1, 4, 4), 115, np.uint8)  # 0.45, the mean of nearly half a patch
    assert not covered_patches(patch_cover(shadow, 2)).any()
    assert not untouched_patches(shadow, 2).any()


def test_patches_are_covered_from_a_quarter_on():
    cover = jnp.array([[0.0, 0.24, 0.25, 1.0]])
    np.testing.assert_array_equal(covered_patches(cover), [[False, False, True, True]])
    np.testing.assert_array_equal(covered_patches(cover, 0.5)[0, 2:], [False, True])


def test_untouched_patches_show_nothing_in_any_pixel():
    found = untouched_patches(mask((0, 1, 5), (2, 3, 6), (3, 0, 255)), 2)
    np.testing.assert_array_equal(found, [[True, True, False, False, True, True]])


def test_integers_and_shares_say_the_same():
    values = np.random.default_rng(0).integers(256, size=(2, 8, 4), dtype=np.uint8)
    values[0, :2] = 3
    shares = jnp.asarray(values / 255.0, jnp.float32)
    np.testing.assert_array_equal(patch_cover(values, 2), patch_cover(shares, 2))
    np.testing.assert_array_equal(
        untouched_patches(values, 2), untouched_patches(shares, 2)
    )
    assert untouched_patches(values, 2).sum() == 2


def test_other_masks_are_refused():
    with pytest.raises(ValueError, match=r"expected \[B, H, W\], got \(1, 4, 6, 1\)"):
        patch_cover(mask()[..., None], 2)
    with pytest.raises(ValueError, match=r"H and W divisible by 4, got \[1, 4, 6\]"):
        untouched_patches(mask(), 4)
    with pytest.raises(ValueError, match="expected uint8 or float, got bool"):
        patch_cover(mask() > 0, 2)
    for share in (0.0, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"share: expected a number in \(0, 1\]"):
            covered_patches(jnp.zeros(3), share)
