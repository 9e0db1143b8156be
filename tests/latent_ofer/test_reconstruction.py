import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.patches import normalize
from face_jax.latent_ofer.reconstruction import (
    coarse_images,
    patch_targets,
    random_mask,
    reconstruction_loss,
)


def numbers(*shape):
    values = np.random.default_rng(0).uniform(size=shape)
    return jnp.asarray(values, jnp.float32)


def test_the_largest_draws_are_masked():
    noise = numbers(3, 10)
    mask, kept = random_mask(noise, 0.75)
    assert kept.shape == (3, 2)
    for draws, masked, rest in zip(noise, mask, kept, strict=True):
        assert masked.sum() == 8
        assert not masked[rest].any()
        assert draws[rest[0]] < draws[rest[1]] < draws[masked].min()


@pytest.mark.parametrize("ratio", [1.0, 0.95, -0.1])
def test_ratios_that_keep_nothing_are_refused(ratio):
    with pytest.raises(ValueError, match=f"keeps some of 10 patches, got {ratio}"):
        random_mask(numbers(3, 10), ratio)


def test_normalised_targets_have_unbiased_deviations_of_one():
    targets = patch_targets(numbers(2, 8, 8, 3), 4, normalized=True)
    np.testing.assert_allclose(targets.mean(-1), 0, atol=1e-6)
    np.testing.assert_allclose(targets.std(-1, ddof=1), 1, rtol=1e-4)


def test_flat_patches_have_finite_targets():
    targets = patch_targets(jnp.full((1, 8, 8, 3), 0.485), 4, normalized=True)
    assert np.isfinite(targets).all()


def test_only_masked_patches_count_all_alike():
    patches, targets = numbers(2, 5, 12), jnp.zeros((2, 5, 12))
    mask = jnp.zeros((2, 5), bool).at[0, 1].set(True).at[1, 2:].set(True)
    chosen = np.asarray(patches)[np.asarray(mask)]
    loss = reconstruction_loss(patches, targets, mask)
    np.testing.assert_allclose(loss, np.mean(chosen**2), rtol=1e-6)
    assert reconstruction_loss(patches, targets, jnp.zeros((2, 5), bool)) == 0


def test_losses_of_other_shapes_are_refused():
    patches, mask = numbers(2, 5, 12), jnp.zeros((2, 5), bool)
    with pytest.raises(ValueError, match=r"targets: expected \[2, 5, 12\]"):
        reconstruction_loss(patches, numbers(2, 5, 3), mask)
    with pytest.raises(ValueError, match="mask: expected bool"):
        reconstruction_loss(patches, patches, mask.astype(jnp.float32))


def test_coarse_pictures_hold_predictions_in_the_hole_alone():
    images, painted = numbers(1, 8, 8, 3), jnp.full((1, 8, 8, 3), 0.25)
    mask = jnp.array([[False, True, False, False]])
    coarse = coarse_images(images, patch_targets(painted, 4), mask)
    np.testing.assert_allclose(coarse[0, :4, 4:], 0.25, atol=1e-6)
    outside = np.ones((8, 8), bool)
    outside[:4, 4:] = False
    np.testing.assert_array_equal(coarse[0][outside], images[0][outside])


def test_coarse_pictures_stay_in_range():
    bright = patch_targets(jnp.full((1, 8, 8, 3), 3.0), 4)
    mask = jnp.ones((1, 4), bool)
    assert (coarse_images(numbers(1, 8, 8, 3), bright, mask) == 1).all()
    assert normalize(jnp.ones(3)).max() < 3  # what was given was out of range
