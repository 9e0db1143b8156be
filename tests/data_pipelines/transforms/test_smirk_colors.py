"""Colours of SMIRK's training pictures: published limits and order."""

import dataclasses

import numpy as np
import pytest

from data_pipelines.transforms import color_changes
from data_pipelines.transforms.smirk_colors import (
    ColorChanges,
    blur_side,
    change_colors,
    draw_color_changes,
    tiles_of,
)

DRAWS = [draw_color_changes(np.random.default_rng(seed)) for seed in range(2000)]
NAMES = [field.name for field in dataclasses.fields(ColorChanges)]


def picture(size=48):
    return np.random.default_rng(1).integers(0, 256, (size, size, 3), np.uint8)


def drawn(name):
    return [value for draw in DRAWS if (value := getattr(draw, name)) is not None]


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("levels", 0.5),
        ("gamma", 0.5),
        ("jitter", 0.25),
        ("equalization", 0.255),
        ("shifts", 0.25),
        ("blur", 0.1),
        ("noise", 0.5),
    ],
)
def test_published_probabilities(name, share):
    deviation = np.sqrt(share * (1 - share) / len(DRAWS))
    assert abs(len(drawn(name)) / len(DRAWS) - share) < 4 * deviation


def test_choices_are_independent():
    chosen = np.array([[getattr(draw, n) is not None for n in NAMES] for draw in DRAWS])
    correlations = np.corrcoef(chosen.T) - np.eye(len(NAMES))
    assert np.abs(correlations).max() < 0.1


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([contrast for contrast, _ in drawn("levels")], 0.8, 1.2),
        ([brightness for _, brightness in drawn("levels")], -0.2, 0.2),
        (drawn("gamma"), 0.8, 1.2),
        ([j.factors[0, n] for j in drawn("jitter") for n in range(3)], 0.95, 1.05),
        ([jitter.factors[0, 3] for jitter in drawn("jitter")], -0.05, 0.05),
        (drawn("equalization"), 1, 4),
        (np.array(drawn("shifts")).ravel(), -20, 20),
        ([deviation**2 for deviation, _ in drawn("noise")], 10, 50),
    ],
)
def test_published_limits(values, low, high):
    margin = 0.02 * (high - low)
    assert low <= min(values) + 1e-6 and max(values) <= high + 1e-6
    assert min(values) < low + margin and max(values) > high - margin
    assert np.mean(values) == pytest.approx((low + high) / 2, abs=0.05 * (high - low))


def test_boxes_are_the_three_published_ones():
    assert set(drawn("blur")) == {3, 5, 7}


def test_small_pictures_are_changed_in_proportion():
    sizes = (32, 64, 96, 128, 224, 448)
    assert [blur_side(7, size) for size in sizes] == [1, 1, 3, 5, 7, 7]
    assert [blur_side(3, size) for size in sizes] == [1, 1, 1, 1, 3, 3]
    assert [tiles_of(size) for size in sizes] == [1, 2, 3, 4, 8, 8]
    assert tiles_of(16) == 1


def test_the_generator_alone_decides():
    one, same = (draw_color_changes(np.random.default_rng(7)) for _ in range(2))
    for name in NAMES:
        np.testing.assert_equal(getattr(one, name), getattr(same, name))


def test_changes_are_applied_in_the_published_order():
    everything = ColorChanges(
        levels=(1.1, -0.05),
        gamma=0.9,
        jitter=drawn("jitter")[0],
        equalization=2.0,
        shifts=(5.0, -9.0, 14.0),
        blur=3,
        noise=(4.0, 11),
    )
    image = picture(224)
    expected = color_changes.scale_and_shift_levels(image, 1.1, -0.05)
    expected = color_changes.change_gamma(expected, 0.9)
    jitter = everything.jitter
    expected = color_changes.jitter_colors(expected, jitter.factors[0], jitter.order[0])
    expected = color_changes.equalize_locally(expected, 2.0, 8)
    expected = color_changes.shift_channels(expected, np.array([5, -9, 14]))
    expected = color_changes.blur_box(expected, 3)
    expected = color_changes.add_noise(expected, 4.0, 11)
    np.testing.assert_array_equal(change_colors(image, everything), expected)


def test_every_choice_alone_changes_the_picture():
    values = dict.fromkeys(NAMES)
    for name in NAMES:
        given = ColorChanges(**(values | {name: drawn(name)[0]}))
        found = change_colors(picture(224), given)
        assert found.dtype == np.uint8 and not np.array_equal(found, picture(224))
    np.testing.assert_array_equal(change_colors(picture(), ColorChanges()), picture())


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8)], ids=["float", "grey"]
)
def test_other_pictures_are_refused(image):
    with pytest.raises(ValueError, match=r"image: expected uint8 \[H, W, 3\], got"):
        change_colors(image, ColorChanges())
