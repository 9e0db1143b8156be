import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.patches import denormalize, normalize, pixel_mask


def test_masks_of_pixels_repeat_those_of_patches():
    mask = jnp.array([[False, True, True, False]])
    expected = np.kron([[0, 1], [1, 0]], np.ones((3, 3))).astype(bool)
    np.testing.assert_array_equal(pixel_mask(mask, 3)[0], expected)
    with pytest.raises(ValueError, match="expected a square number of patches, got 6"):
        pixel_mask(jnp.zeros((1, 6), bool), 3)


def test_units_are_those_of_imagenet_and_back():
    images = np.random.default_rng(0).uniform(size=(2, 3, 3, 3)).astype(np.float32)
    found = normalize(jnp.asarray(images))
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(found, (images - mean) / std, atol=1e-5)
    np.testing.assert_allclose(denormalize(found), images, atol=1e-6)
