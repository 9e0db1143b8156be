import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.mae import masked_autoencoder
from face_jax.latent_ofer.reconstruction import patch_targets
from face_jax.latent_ofer.reconstruction_errors import (
    patch_groups,
    predict_from_others,
    reconstruction_errors,
    relative_errors,
)
from tests.filled import fill

SMALLER = {"width": 24, "depth": 1, "decoder_width": 16, "decoder_depth": 1}
NETWORK = masked_autoencoder("tiny", SMALLER)
GROUPS = patch_groups(16, 4, seed=3)


@pytest.fixture(scope="module")
def images():
    numbers = np.random.default_rng(0).uniform(size=(2, 64, 64, 3))
    return jnp.asarray(numbers, jnp.float32)


@pytest.fixture(scope="module")
def variables(images):
    return fill(NETWORK, images)


@pytest.fixture(scope="module")
def predict(variables):
    return jax.jit(functools.partial(predict_from_others, NETWORK, variables))


@pytest.mark.parametrize(("patches", "groups"), [(196, 4), (16, 2), (16, 16)])
def test_every_patch_is_in_one_group(patches, groups):
    found = patch_groups(patches, groups)
    assert found.shape == (groups, patches // groups)
    np.testing.assert_array_equal(np.sort(found.ravel()), np.arange(patches))


def test_groups_are_fixed_and_spread():
    np.testing.assert_array_equal(patch_groups(196, 4, 5), patch_groups(196, 4, 5))
    assert not np.array_equal(patch_groups(196, 4, 5), patch_groups(196, 4, 6))
    rows = patch_groups(196, 4) // 14  # a group takes from all parts of the picture
    assert all(np.ptp(group) >= 12 for group in rows)


@pytest.mark.parametrize("groups", [1, 0, 3])
def test_other_numbers_of_groups_are_refused(groups):
    with pytest.raises(ValueError, match=f"a divisor of 16 patches .* got {groups}"):
        patch_groups(16, groups)


def test_patches_are_those_that_masking_their_group_predicts(
    variables, images, predict
):
    found, network = predict(images, GROUPS), jax.jit(NETWORK.apply)
    for group in GROUPS[[0, 2]]:
        mask = (np.arange(16) == group[:, None]).any(axis=0, keepdims=True)
        masked = network(variables, images, mask.repeat(2, axis=0)).patches
        np.testing.assert_allclose(found[:, group], masked[:, group], atol=1e-5)


def test_predictions_do_not_see_their_own_group(images, predict):
    patch = 6  # row 1, column 2
    changed = images.at[:, 16:32, 32:48].set(0.5)
    one, other = predict(images, GROUPS), predict(changed, GROUPS)
    same = (one == other).all(axis=(0, 2))
    own = GROUPS[(patch == GROUPS).any(axis=1)][0]
    np.testing.assert_array_equal(np.flatnonzero(same), np.sort(own))


@pytest.mark.parametrize("normalized", [False, True])
def test_errors_are_means_over_the_numbers_of_a_patch(
    variables, images, predict, normalized
):
    errors = reconstruction_errors(NETWORK, variables, images, GROUPS, normalized)
    left = predict(images, GROUPS) - patch_targets(images, 16, normalized)
    np.testing.assert_allclose(errors, np.mean(np.square(left), axis=-1), rtol=1e-4)


def test_relative_errors_have_mean_one_on_clean_faces():
    clean = jnp.array([[1.0, 20, 0], [3, 60, 0]])
    np.testing.assert_allclose(relative_errors(clean, clean).mean(axis=0), [1, 1, 0])
    np.testing.assert_allclose(
        relative_errors(jnp.array([[4.0, 20, 0]]), clean), [[2, 0.5, 0]]
    )


def test_groups_of_other_networks_are_refused(variables, images):
    with pytest.raises(ValueError, match=r"groups: expected \[4, 4\], got \(4, 49\)"):
        predict_from_others(NETWORK, variables, images, patch_groups(196, 4))
    with pytest.raises(ValueError, match=r"clean_errors: expected \[N, 4\]"):
        relative_errors(jnp.ones((2, 4)), jnp.ones(4))
