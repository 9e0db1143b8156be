"""Draws of an item of SMIRK and their application."""

import numpy as np

from data_pipelines.transforms import smirk_geometry as geometry
from data_pipelines.transforms.smirk_item import (
    EVALUATION_CROP,
    PICTURE_CROP,
    SmirkCrop,
    draw_crop,
    smirk_item,
)

SIZE = 64
JITTER = SmirkCrop(scale=1.4, angle=0.15, zoom=1.08, shift=(0.04, -0.03))


def picture():
    """Brightness grows to the right and downwards, by less than a level a pixel."""
    y, x = np.mgrid[:240, :300]
    return np.stack([x * 0.8, y * 0.9, (x + y) * 0.4], axis=-1).astype(np.uint8)


def landmarks(count, seed=0):
    places = np.random.default_rng(seed).normal(size=(count, 2))
    return places / np.abs(places).max() * [45, 60] + [140, 120]


def test_jitter_turns_about_the_middle_then_shifts():
    middle = (SIZE - 1) / 2
    matrix = JITTER.jitter_matrix(SIZE)
    found = geometry.move_points(np.array([[middle, middle]]), matrix)
    np.testing.assert_allclose(found, [[middle + 0.04 * SIZE, middle - 0.03 * SIZE]])
    turned = matrix[:2, :2] @ [1, 0]
    np.testing.assert_allclose(turned, 1.08 * np.array([np.cos(0.15), np.sin(0.15)]))
    np.testing.assert_allclose(np.linalg.det(matrix), 1.08**2)
    np.testing.assert_array_equal(EVALUATION_CROP.jitter_matrix(SIZE), np.eye(3))


def test_draws_keep_their_published_limits():
    draws = [draw_crop(np.random.default_rng(seed)) for seed in range(500)]
    jittered = [draw for draw in draws if draw != SmirkCrop(draw.scale)]
    assert 0.85 < len(jittered) / len(draws) < 0.95
    for values, low, high in (
        ([draw.scale for draw in draws], 1.2, 1.8),
        ([draw.zoom for draw in jittered], 0.9, 1.1),
        ([np.degrees(draw.angle) for draw in jittered], -10, 10),
        ([draw.shift[0] for draw in jittered], -0.05, 0.05),
        ([draw.shift[1] for draw in jittered], -0.05, 0.05),
    ):
        margin = 0.02 * (high - low)
        assert low <= min(values) < low + margin
        assert high - margin < max(values) <= high


def test_pixels_landmarks_and_outline_move_together():
    image, points, face = picture(), landmarks(40), landmarks(68, 1)
    item = smirk_item(image, points, face, JITTER, SIZE)
    matrix = JITTER.jitter_matrix(SIZE) @ geometry.crop_matrix(points, 1.4, SIZE)
    for name, given in (("landmarks_mediapipe", points), ("landmarks_68", face)):
        moved = given @ matrix[:2, :2].T + matrix[:2, 2]
        np.testing.assert_allclose(item[name], moved / SIZE * 2 - 1, atol=1e-6)
    # What the picture shows at a place is where that place was.
    row, column = 40, 25
    x, y, _ = np.linalg.solve(matrix, [column, row, 1])
    red, green, _ = item["image"][row, column]
    np.testing.assert_allclose([red / 0.8, green / 0.9], [x, y], atol=2.5)
    # Grey levels are cut, not rounded.
    exact = geometry.warp(image, matrix, SIZE)
    np.testing.assert_array_equal(item["image"], np.floor(exact))
    hidden = np.argwhere(item["hull_mask"] == 0)[:, ::-1]
    moved = (item["landmarks_mediapipe"] + 1) / 2 * SIZE
    np.testing.assert_allclose(hidden.min(axis=0), moved.min(axis=0), atol=1.5)
    np.testing.assert_allclose(hidden.max(axis=0), moved.max(axis=0), atol=1.5)


def test_types_and_sizes():
    item = smirk_item(picture(), landmarks(478), landmarks(68, 1))
    expected = {
        "image": ("uint8", (224, 224, 3)),
        "hull_mask": ("uint8", (224, 224)),
        "landmarks_mediapipe": ("float32", (478, 2)),
        "landmarks_68": ("float32", (68, 2)),
        "has_landmarks_68": ("bool", ()),
        "recognition_image": ("uint8", (112, 112, 3)),
    }
    assert {k: (str(v.dtype), v.shape) for k, v in item.items()} == expected
    assert item["has_landmarks_68"]
    without = smirk_item(picture(), landmarks(478))
    assert {k: (str(v.dtype), v.shape) for k, v in without.items()} == expected
    assert not without["has_landmarks_68"]
    assert not without["landmarks_68"].any() and not without["recognition_image"].any()
    np.testing.assert_array_equal(without["image"], item["image"])


def test_the_aligned_face_does_not_depend_on_the_crop():
    given = picture(), landmarks(478), landmarks(68, 1)
    one, other = (smirk_item(*given, crop) for crop in (PICTURE_CROP, JITTER))
    np.testing.assert_array_equal(one["recognition_image"], other["recognition_image"])
    assert one["recognition_image"].any()
    assert not np.array_equal(one["image"], other["image"])
