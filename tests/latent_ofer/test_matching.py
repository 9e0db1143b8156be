import numpy as np
import pytest

from face_jax.latent_ofer.matching import (
    feature_holes,
    largest_similarity,
    mask_holes,
    most_similar,
    neighbourhood_means,
    unit_vectors,
)
from tests.latent_ofer import plain_assembly


def filtered(mask):
    """One 4x4 mean of stride 2 within a border of zeros."""
    height, width = (side // 2 for side in mask.shape)
    padded = np.pad(mask, 1)
    return np.array(
        [
            [padded[2 * y : 2 * y + 4, 2 * x : 2 * x + 4].mean() for x in range(width)]
            for y in range(height)
        ]
    )


def test_holes_of_features_are_filtered_masks():
    mask = np.random.default_rng(0).uniform(size=(32, 48)) < 0.35
    x = np.float64(mask)
    for _ in range(3):
        x = filtered(x)
    found = np.asarray(feature_holes(mask[None]))[0]
    np.testing.assert_array_equal(found, x > 5 / 16)
    assert 0 < found.mean() < 1


def test_a_mask_at_the_limit_is_no_hole():
    mask = np.zeros((1, 4, 4), bool)
    mask[0, :2, :2] = mask[0, 2, 0] = True
    assert filtered(np.float64(mask[0]))[0, 0] == 5 / 16
    assert not feature_holes(mask, 1)[0, 0, 0]
    mask[0, 2, 1] = True
    assert feature_holes(mask, 1)[0, 0, 0]


def test_means_are_taken_over_the_positions_that_exist():
    maps = np.random.default_rng(0).normal(size=(4, 3, 2)).astype(np.float32)
    found = neighbourhood_means(maps)
    for row in range(4):
        for column in range(3):
            expected = plain_assembly.around(maps, row, column)
            np.testing.assert_allclose(found[row, column], expected, atol=1e-6)


def test_the_lowest_allowed_of_equal_ones_is_chosen():
    units = np.float32([[1, 0], [0, 1], [0, 1], [0, 1]])
    queries = np.float32([[3, 1], [0, 2]])
    allowed = np.array([False, False, True, True])
    np.testing.assert_array_equal(most_similar(units, queries, allowed), [2, 2])
    np.testing.assert_array_equal(most_similar(units, queries, allowed | True), [0, 1])
    np.testing.assert_array_equal(largest_similarity(units, queries), [3, 2])


def test_unit_vectors_have_length_one_or_are_zero():
    vectors = np.float32([[3, 4], [0, 0]])
    np.testing.assert_allclose(unit_vectors(vectors), [[0.6, 0.8], [0, 0]], atol=1e-7)


def test_published_code_truncates_masks():
    masks = np.float32([[[0, 0.49, 0.5, 0.999, 1]]])
    np.testing.assert_array_equal(mask_holes(masks)[0, 0], [0, 0, 1, 1, 1])
    published = mask_holes(masks, "reference")
    np.testing.assert_array_equal(published[0, 0], [0, 0, 0, 0, 1])
    with pytest.raises(ValueError, match="compat: expected one of"):
        mask_holes(masks, "truncated")
