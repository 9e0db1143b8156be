"""Draws of a recogniser's item with latents, and their application."""

import dataclasses

import numpy as np
import pytest

from data_pipelines.transforms.erasing import Rectangle
from data_pipelines.transforms.latent_item import (
    UNCHANGED,
    LatentAugmentation,
    LatentDraws,
    Turn,
    draw_latent,
    latent_item,
    turn_picture,
)
from data_pipelines.transforms.smirk_colors import ColorChanges

GRID, SIZE = 3, 14
RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
TOKENS = RANDOM.normal(size=(1 + GRID**2, 5)).astype(np.float16)
RELEVANCE = RANDOM.random((GRID, GRID), np.float32)


def test_flips_mirror_every_row_of_the_grid():
    item = latent_item(IMAGE, TOKENS, RELEVANCE, LatentDraws(flip=True))
    np.testing.assert_array_equal(item["image"], IMAGE[:, ::-1])
    np.testing.assert_array_equal(item["tokens"][0], TOKENS[0])
    for row in range(GRID):
        for column in range(GRID):
            other = GRID - 1 - column
            found = item["tokens"][1 + row * GRID + column]
            np.testing.assert_array_equal(found, TOKENS[1 + row * GRID + other])
            assert item["relevance"][row, column] == RELEVANCE[row, other]
    assert item["tokens"].dtype == np.float16 and item["relevance"].dtype == np.float32


def test_published_flips_leave_the_latents():
    item = latent_item(IMAGE, TOKENS, RELEVANCE, LatentDraws(flip=True), False)
    np.testing.assert_array_equal(item["image"], IMAGE[:, ::-1])
    np.testing.assert_array_equal(item["tokens"], TOKENS)
    np.testing.assert_array_equal(item["relevance"], RELEVANCE)


def test_turns_leave_the_latents():
    draws = LatentDraws(turn=Turn(0.0, 2, -1))
    item = latent_item(IMAGE, TOKENS, RELEVANCE, draws)
    expected = np.zeros_like(IMAGE)
    expected[:-1, 2:] = IMAGE[1:, :-2]
    np.testing.assert_array_equal(item["image"], expected)
    np.testing.assert_array_equal(item["tokens"], TOKENS)
    np.testing.assert_array_equal(item["relevance"], RELEVANCE)


def test_pictures_turn_about_their_middle_and_lose_what_leaves_them():
    quarter = turn_picture(IMAGE, Turn(90.0, 0, 0))
    np.testing.assert_array_equal(quarter, np.rot90(IMAGE))
    white = np.full((40, 40, 3), 255, np.uint8)
    turned = turn_picture(white, Turn(20.0, 0, 0))
    assert not turned[0, 0].any() and turned[20, 20].all()
    assert set(np.unique(turned)) == {0, 255}
    moved = turn_picture(white, Turn(20.0, 5, 5))
    np.testing.assert_array_equal(moved[5:, 5:], turned[:-5, :-5])
    assert not moved[:5].any()


def test_draws_keep_their_published_limits():
    rng = np.random.default_rng(0)
    augmentation = LatentAugmentation(0.5, 0.3, 0.2)
    drawn = [draw_latent(rng, augmentation, 112) for _ in range(3000)]
    turns = np.array([d.turn for d in drawn if d.turn is not None])
    assert 500 < len(turns) < 700
    assert 1350 < sum(d.flip for d in drawn) < 1650
    assert 750 < sum(d.erased is not None for d in drawn) < 1050
    np.testing.assert_allclose(turns.max(axis=0), [20, 16, 16], atol=0.5)
    np.testing.assert_allclose(turns.min(axis=0), [-20, -16, -16], atol=0.5)
    assert draw_latent(rng, LatentAugmentation(0.0, 0.0, 0.0), 112) == UNCHANGED


def test_colours_and_what_is_erased_are_left_to_the_device():
    draws = LatentDraws(
        colors=ColorChanges(shifts=(9.0, 0.0, -9.0)), erased=Rectangle(8, 4, 3, 5)
    )
    item = latent_item(IMAGE, TOKENS, RELEVANCE, draws)
    np.testing.assert_array_equal(item["image"], IMAGE)


def test_drawn_colors_are_changes_of_single_levels_and_leave_the_other_draws():
    without = LatentAugmentation(0.5, 0.3, 0.2)
    augmentation = dataclasses.replace(without, color_changes=True)
    colors = []
    for seed in range(300):
        drawn = draw_latent(np.random.default_rng(seed), augmentation, 112)
        plain = draw_latent(np.random.default_rng(seed), without, 112)
        assert dataclasses.replace(drawn, colors=ColorChanges()) == plain
        colors.append(drawn.colors)
    kinds = {
        field.name: sum(getattr(drawn, field.name) is not None for drawn in colors)
        for field in dataclasses.fields(ColorChanges)
    }
    assert {name for name, count in kinds.items() if count} == {
        "levels",
        "gamma",
        "shifts",
    }
    assert min(kinds[name] for name in ("levels", "gamma", "shifts")) > 30


def test_bad_settings():
    with pytest.raises(ValueError, match="rotation_probability: expected 0 to 1, got"):
        LatentAugmentation(rotation_probability=2.0)
