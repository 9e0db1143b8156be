import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.patch_groups import group_sizes, without_small_groups


def sizes_by_labelling(mask):
    """Of one grid [g, g], patch by patch."""
    labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[1]
    return np.where(mask, np.bincount(labels.ravel())[labels], 0)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
@pytest.mark.parametrize("side", [1, 3, 8])
def test_sizes_are_those_of_connected_components(side, share):
    masks = np.random.default_rng(side).random((20, side, side)) < share
    expected = np.stack([sizes_by_labelling(mask) for mask in masks])
    found = group_sizes(jnp.asarray(masks.reshape(20, -1)))
    np.testing.assert_array_equal(found, expected.reshape(20, -1))


def test_the_longest_path_is_one_group():
    spiral = np.ones((7, 7), bool)
    spiral[1::4, :-1] = False
    spiral[3::4, 1:] = False
    sizes = group_sizes(jnp.asarray(spiral.reshape(1, -1)))
    np.testing.assert_array_equal(np.unique(sizes), [0, spiral.sum()])


def test_small_groups_are_taken_out():
    picture = np.array([[1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 0]], bool)
    mask = jnp.asarray(picture.reshape(1, -1))
    drop = jax.jit(without_small_groups, static_argnums=1)
    for smallest, left in ((0, 6), (1, 6), (2, 5), (3, 3), (4, 0)):
        found = drop(mask, smallest)
        assert not np.any(found & ~mask)
        assert found.sum() == left


def test_other_masks_are_refused():
    with pytest.raises(ValueError, match="mask: expected bool"):
        without_small_groups(jnp.ones((1, 4)), 2)
    with pytest.raises(ValueError, match="square"):
        without_small_groups(jnp.ones((1, 5), bool), 2)
