"""What is drawn for the colours of SMIRK's training pictures: published limits."""

import dataclasses

import numpy as np
import pytest

from data_pipelines.transforms.smirk_colors import (
    ColorChanges,
    blur_side,
    color_arrays,
    draw_color_changes,
    draw_level_changes,
    level_arrays,
)

DRAWS = [draw_color_changes(np.random.default_rng(seed)) for seed in range(2000)]
NAMES = [field.name for field in dataclasses.fields(ColorChanges)]


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


def test_small_pictures_are_blurred_in_proportion():
    sizes = (32, 64, 96, 128, 224, 448)
    assert [blur_side(7, size) for size in sizes] == [1, 1, 3, 5, 7, 7]
    assert [blur_side(3, size) for size in sizes] == [1, 1, 1, 1, 3, 3]


def test_the_generator_alone_decides():
    one, same = (draw_color_changes(np.random.default_rng(7)) for _ in range(2))
    for name in NAMES:
        np.testing.assert_equal(getattr(one, name), getattr(same, name))


@pytest.mark.parametrize(
    ("levels", "gamma"),
    [((0.8, 0.2), None), ((1.2, -0.2), None), (None, 0.8), (None, 1.2), (None, None)],
)
def test_curves(levels, gamma):
    curve = level_arrays(ColorChanges(levels=levels, gamma=gamma))["color_curve"]
    exact = np.arange(256.0)
    if levels is not None:
        exact = np.clip(levels[0] * exact + 255 * levels[1], 0, 255)
    if gamma is not None:
        exact = 255 * np.exp(gamma * np.log(np.maximum(exact, 1e-9) / 255))
    assert curve.dtype == np.uint8 and np.abs(curve - exact).max() <= 0.501


def test_gamma_comes_after_contrast_and_brightness():
    levels, gamma = (1.1, -0.05), 0.8
    first, second, both = (
        level_arrays(ColorChanges(**drawn))["color_curve"]
        for drawn in (
            {"levels": levels},
            {"gamma": gamma},
            {"levels": levels, "gamma": gamma},
        )
    )
    np.testing.assert_array_equal(both, second[first])
    assert not np.array_equal(both, first[second])


def test_choices_are_written_as_they_are():
    given = ColorChanges(
        jitter=drawn("jitter")[0],
        equalization=2.5,
        shifts=(5.0, -9.0, 14.5),
        blur=7,
        noise=(4.0, 11),
    )
    arrays = color_arrays(given, 224)
    np.testing.assert_array_equal(arrays["color_factors"], given.jitter.factors[0])
    np.testing.assert_array_equal(arrays["color_order"], given.jitter.order[0])
    np.testing.assert_array_equal(arrays["color_shifts"], given.shifts)
    names = ("color_equalization", "color_blur", "color_noise", "color_noise_seed")
    assert [arrays[name] for name in names] == [2.5, 7, 4.0, 11]
    assert color_arrays(given, 96)["color_blur"] == 3


def test_level_changes_are_those_of_single_pixels():
    for seed in range(50):
        drawn = draw_level_changes(np.random.default_rng(seed))
        every = DRAWS[seed]
        for name in NAMES:
            kept = name in ("levels", "gamma", "shifts")
            np.testing.assert_equal(
                getattr(drawn, name), getattr(every, name) if kept else None
            )
