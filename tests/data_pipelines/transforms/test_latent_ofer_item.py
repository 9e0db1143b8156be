"""Draws of an item of Latent-OFER and their application."""

import dataclasses
import math

import numpy as np
import pytest

from data_pipelines.transforms.erasing import Rectangle
from data_pipelines.transforms.latent_ofer_item import (
    UNCHANGED,
    LatentOferAugmentation,
    LatentOferDraws,
    draw_latent_ofer,
    latent_ofer_item,
)

OUTLINE = np.array([[15.5, 20.0], [47.5, 30.0], [30.0, 47.5], [30.0, 15.5]])
"""A face from edge 16 to edge 48 along both axes."""
NAMES = ("image", "clean_image", "occluder_mask")
STRONG = LatentOferAugmentation(jitter=0.2, rotation=40.0)


def pictures(seed=0):
    """A picture of noise, the same with its upper left replaced, and where that is."""
    random = np.random.default_rng(seed)
    clean, other = random.integers(0, 256, (2, 64, 64, 3), np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    mask[:36, :30] = random.integers(0, 256, (36, 30))
    alpha = mask[..., None] / 255
    return np.rint(alpha * other + (1 - alpha) * clean).astype(np.uint8), clean, mask


def item_of(draws=UNCHANGED, seed=0, scale=1.0, size=32):
    image, clean, mask = pictures(seed)
    return latent_ofer_item(image, OUTLINE, clean, mask, draws, scale, size)


def test_the_crop_is_a_square_about_the_face():
    stored = dict(zip(NAMES, pictures(), strict=True))
    item, wide = item_of(), item_of(scale=1.5, size=48)
    for name, picture in stored.items():
        np.testing.assert_array_equal(item[name], picture[16:48, 16:48])
        np.testing.assert_array_equal(wide[name], picture[8:56, 8:56])


@pytest.mark.parametrize(
    ("draws", "change"),
    [
        (LatentOferDraws(flip=True), lambda p: p[16:48, 16:48][:, ::-1]),
        (
            LatentOferDraws(shift=(0.25, -0.125)),
            lambda p: p[12:44, 24:56],
        ),
        (
            LatentOferDraws(angle=math.pi / 2),
            lambda p: np.rot90(p[16:48, 16:48], -1),
        ),
        (
            LatentOferDraws(zoom=0.5),
            lambda p: p[24:40, 24:40],
        ),
    ],
    ids=["flip", "shift", "angle", "zoom"],
)
def test_every_choice_changes_the_three_pictures_alike(draws, change):
    stored = dict(zip(NAMES, pictures(), strict=True))
    item = item_of(draws, size=16 if draws.zoom == 0.5 else 32)
    for name, picture in stored.items():
        np.testing.assert_array_equal(item[name], change(picture), err_msg=name)


def test_pictures_are_equal_outside_the_mask_whatever_is_drawn():
    outside = 0
    for seed in range(20):
        draws = draw_latent_ofer(np.random.default_rng(seed), STRONG, 40)
        item = item_of(draws, seed, size=(24, 40, 56)[seed % 3])
        same = item["occluder_mask"] == 0
        outside += same.mean() / 20
        np.testing.assert_array_equal(item["image"][same], item["clean_image"][same])
        assert (item["image"][~same] != item["clean_image"][~same]).any()
    assert 0.3 < outside < 0.9


def test_the_mask_stays_between_its_levels():
    image, clean, _ = pictures()
    draws = LatentOferDraws(angle=0.3)
    for level in (0, 77, 128, 255):
        mask = np.full((64, 64), level, np.uint8)
        for size in (7, 11, 40):
            item = latent_ofer_item(image, OUTLINE, clean, mask, draws, 1.2, size)
            assert (item["occluder_mask"] == level).all()


def test_colours_and_what_is_erased_are_left_to_the_device():
    for seed in range(10):
        draws = draw_latent_ofer(np.random.default_rng(seed), STRONG, 32)
        still = item_of(dataclasses.replace(draws, colors=UNCHANGED.colors))
        item = item_of(dataclasses.replace(draws, erased=Rectangle(4, 6, 10, 12)))
        for name in NAMES:
            np.testing.assert_array_equal(item[name], still[name])


def test_without_knowledge_the_picture_counts_as_clean():
    image, _, _ = pictures()
    item = latent_ofer_item(image, OUTLINE, face_scale=1.3, size=24)
    np.testing.assert_array_equal(item["clean_image"], item["image"])
    assert item["occluder_mask"].shape == (24, 24) and not item["occluder_mask"].any()


def test_draws_keep_their_limits():
    rng = np.random.default_rng(0)
    augmentation = LatentOferAugmentation(0.25, 0.1, 15.0, False, 0.5)
    drawn = [draw_latent_ofer(rng, augmentation, 64) for _ in range(1000)]
    for values, limit in (
        ([d.zoom - 1 for d in drawn], 0.1),
        ([d.shift[0] for d in drawn], 0.1),
        ([d.shift[1] for d in drawn], 0.1),
        ([d.angle for d in drawn], math.radians(15)),
    ):
        assert -limit <= min(values) < -0.95 * limit
        assert 0.95 * limit < max(values) <= limit
    assert 180 < sum(d.flip for d in drawn) < 320
    assert 420 < sum(d.erased is not None for d in drawn) < 580
    assert all(d.colors == UNCHANGED.colors for d in drawn)
    nothing = LatentOferAugmentation(0.0, 0.0, 0.0, False, 0.0)
    assert draw_latent_ofer(rng, nothing, 64) == UNCHANGED


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"flip_probability": 1.5}, "flip_probability: expected 0 to 1, got 1.5"),
        ({"erasing_probability": -1}, "erasing_probability: expected 0 to 1"),
        ({"jitter": 1.0}, "jitter: expected 0 to below 1"),
        ({"rotation": -3}, "rotation: expected 0 to 180"),
    ],
)
def test_bad_settings(changes, message):
    with pytest.raises(ValueError, match=message):
        LatentOferAugmentation(**changes)


def test_a_face_in_one_place():
    with pytest.raises(ValueError, match="expected a box with an area"):
        latent_ofer_item(pictures()[0], OUTLINE * 0)
