"""Reconstruction of what is covered: what it changes, and what it does not see."""

import dataclasses

import jax
import numpy as np
import pytest

from face_jax.latent_ofer.refinement import (
    enlarged_mask,
    from_generator,
    reconstruct,
    to_generator,
)
from tests.latent_ofer.small_tasks import (
    GRID,
    PATCH,
    SIDE,
    TOKENS,
    random_batch,
    refinement_task,
    variables_of,
)

ROWS = 2
REFINEMENT = dataclasses.replace(refinement_task().refinement, side=SIDE // 2)
"""Its generator sees pictures of another size than the autoencoder."""


@pytest.fixture(scope="module")
def variables():
    found = variables_of(refinement_task(), random_batch())
    return {name: found[name] for name in ("autoencoder", "generator")}


@pytest.fixture(scope="module")
def run():
    return jax.jit(reconstruct, static_argnums=0)


@pytest.fixture(scope="module")
def given():
    """Pictures, and masks of other patches in each."""
    mask = np.zeros((ROWS, GRID**2), bool)
    mask[0, [0, 5, 6]] = mask[1, [3, 10]] = True
    return np.float32(random_batch()["image"][:ROWS]) / 255, mask


def hole(mask):
    grid = mask.reshape(-1, GRID, GRID)
    return grid.repeat(PATCH, axis=1).repeat(PATCH, axis=2)


def test_pictures_stay_as_they_are_outside_of_the_hole(run, variables, given):
    images, mask = given
    found = run(REFINEMENT, variables, images, mask)
    inside = hole(mask)
    for made in (found.coarse, found.images):
        np.testing.assert_array_equal(made[~inside], images[~inside])
        assert np.mean(made[inside] != images[inside]) > 0.9
        assert made.min() >= 0 and made.max() <= 1
    assert np.any(found.images[inside] != found.coarse[inside])
    assert found.tokens.shape == (ROWS, 1 + GRID**2, TOKENS)


def test_what_covers_a_face_is_seen_nowhere(run, variables, given):
    """Not even where resizing mixes pixels of both sides of the hole's edge."""
    images, mask = given
    painted = np.where(hole(mask)[..., None], np.float32([1, 0, 1]), images)
    assert np.any(painted != images)
    found, other = (run(REFINEMENT, variables, x, mask) for x in (images, painted))
    for one, two in zip(*map(jax.tree.leaves, (found, other)), strict=True):
        np.testing.assert_array_equal(one, two)


def test_nothing_changes_where_nothing_is_covered(run, variables, given):
    images, mask = given
    found = run(REFINEMENT, variables, images, np.zeros_like(mask))
    np.testing.assert_array_equal(found.coarse, images)
    np.testing.assert_array_equal(found.images, images)


def test_masks_are_enlarged_patch_by_patch():
    mask = np.random.default_rng(0).uniform(size=(2, GRID**2)) < 0.5
    np.testing.assert_array_equal(enlarged_mask(mask, SIDE), hole(mask))


@pytest.mark.parametrize("side", [256, 15, 7])
def test_masks_are_enlarged_to_any_side(side):
    mask = np.random.default_rng(0).uniform(size=(1, 14 * 14)) < 0.5
    found, grid = enlarged_mask(mask, side)[0], mask.reshape(14, 14)
    assert found.shape == (side, side)
    for row, column in ((0, 0), (side - 1, side // 2), (side // 3, side - 1)):
        centre = (np.array([row, column]) + 0.5) * 14 / side
        assert found[row, column] == grid[tuple(centre.astype(int))]
    if side > 14:
        _, widths = np.unique((np.arange(side) + 0.5) * 14 // side, return_counts=True)
        assert len(widths) == 14 and widths.max() - widths.min() <= 1


def test_patches_that_form_no_square_are_refused():
    with pytest.raises(ValueError, match="expected a square number of patches, got 8"):
        enlarged_mask(np.zeros((1, 8), bool), 16)


def test_units_of_the_generator_and_back():
    images = np.random.default_rng(0).uniform(size=(1, 8, 8, 3)).astype(np.float32)
    shown = to_generator(images, 8)
    np.testing.assert_allclose(shown, 2 * images - 1, atol=1e-6)
    np.testing.assert_allclose(from_generator(shown, 8), images, atol=1e-6)
    flat = np.full((1, 8, 8, 3), 0.25, np.float32)
    np.testing.assert_allclose(to_generator(flat, 12), -0.5, atol=1e-6)
