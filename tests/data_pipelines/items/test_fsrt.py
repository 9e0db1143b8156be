"""FSRT items from clips in memory."""

import dataclasses

import numpy as np
import pytest

from data_pipelines.items.fsrt import FramePair, FsrtItems
from data_pipelines.landmarks.schemas import SEMANTIC_KEYPOINTS, semantic_keypoints
from data_pipelines.transforms.fsrt_geometry import NO_MARGINS, crop_and_resize
from tests.data_pipelines.items.memory_clips import HEIGHT, WIDTH, MemoryClips

SIZE = 16
PLAIN = FsrtItems(num_sources=2, num_driving=3, size=SIZE, mode="plain")
TRAIN = FsrtItems(num_sources=2, num_driving=3, size=SIZE)


def sample(recipe, clips, index=0, seed=0):
    return recipe.sample(clips, index, np.random.default_rng(seed))


def whole(clips, row, frame):
    """A whole frame, squeezed to the size of a picture and rounded."""
    image = crop_and_resize(clips.frame(row, frame), NO_MARGINS, SIZE)
    return np.rint(image).astype(np.uint8)


def frames_of(clips, item, name):
    """Numbers of the frames of an item's pictures, found by comparing pixels."""
    row = int(item["item_id"])
    numbers = range(clips.num_frames)
    return [
        next(n for n in numbers if np.array_equal(picture, whole(clips, row, n)))
        for picture in item[name]
    ]


def equal(first, second):
    return all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("recipe", [TRAIN, PLAIN])
def test_item_has_the_stated_shapes(recipe):
    item = sample(recipe, MemoryClips())
    spec = recipe.element_spec()
    assert set(item) == set(spec)
    for name, (shape, dtype) in spec.items():
        assert item[name].shape == shape and item[name].dtype == dtype, name


def test_plain_items_are_whole_frames_of_the_person():
    clips = MemoryClips()
    for index in range(3):
        for seed in range(4):
            item = sample(PLAIN, clips, index, seed)
            assert item["item_id"] in clips.identities[index]
            for kind in ("source", "driving"):
                frames_of(clips, item, f"{kind}_images")
                pictures = item[f"{kind}_images_uncropped"]
                np.testing.assert_array_equal(item[f"{kind}_images"], pictures)
            np.testing.assert_array_equal(
                item["driving_expression_crops"], item["driving_images"]
            )


def test_clips_and_frames_are_uniform():
    clips = MemoryClips(num_frames=5)
    rows, frames = [], []
    for seed in range(150):
        item = sample(PLAIN, clips, 1, seed)
        rows.append(int(item["item_id"]))
        frames += frames_of(clips, item, "source_images")
        frames += frames_of(clips, item, "driving_images")
    assert abs(rows.count(2) - 75) < 25 and rows.count(2) + rows.count(3) == 150
    counts = np.bincount(frames, minlength=5)
    assert np.abs(counts - 150).max() < 45  # four standard deviations


@pytest.mark.parametrize("selection", ["train", "tail", "every_fifth"])
def test_frame_selection(selection):
    clips = MemoryClips()
    recipe = dataclasses.replace(PLAIN, frame_selection=selection)
    expected = {
        "train": {n for n in range(16) if n % 5 != 4},
        "tail": {16, 17, 18, 19},
        "every_fifth": {4, 9, 14},
    }
    seen = set()
    for seed in range(60):
        item = sample(recipe, clips, 0, seed)
        seen |= set(frames_of(clips, item, "source_images"))
        seen |= set(frames_of(clips, item, "driving_images"))
    assert seen == expected[selection]


def test_keypoints_are_pixel_coordinates_of_the_whole_frame():
    clips = MemoryClips()
    item = sample(PLAIN, clips)
    row = int(item["item_id"])
    for name in ("source", "driving"):
        numbers = frames_of(clips, item, f"{name}_images")
        points = semantic_keypoints(clips.landmarks(row)[numbers])
        half = np.array([WIDTH / 2, HEIGHT / 2])
        expected = (points + 0.5 - half) / half
        np.testing.assert_allclose(item[f"{name}_keypoints"], expected, atol=1e-6)


def test_flip_mirrors_pictures_and_keypoints_alike():
    clips = MemoryClips()
    never = dataclasses.replace(TRAIN, flip_probability=0.0)
    always = dataclasses.replace(TRAIN, flip_probability=1.0)
    upright, flipped = sample(never, clips), sample(always, clips)
    assert upright["item_id"] == flipped["item_id"]
    np.testing.assert_array_equal(
        flipped["driving_images_uncropped"],
        upright["driving_images_uncropped"][:, :, ::-1],
    )
    swapped = [
        SEMANTIC_KEYPOINTS.index(
            name.replace("left", "RIGHT").replace("right", "left").lower()
        )
        for name in SEMANTIC_KEYPOINTS
    ]
    assert swapped[0] == 1  # the eyes change places

    mirrored = upright["driving_keypoints"][:, swapped] * [-1, 1]
    np.testing.assert_allclose(flipped["driving_keypoints"], mirrored, atol=1e-6)


def test_validation_has_crops_only():
    recipe = dataclasses.replace(TRAIN, mode="validation")
    items = [sample(recipe, MemoryClips(), 0, seed) for seed in range(30)]
    assert any((item["keypoint_scale"] != 1).any() for item in items)
    for item in items:
        np.testing.assert_array_equal(item["color_factors"], [[1, 1, 1, 0]] * 3)
        frames_of(MemoryClips(), item, "driving_images_uncropped")


def test_without_landmarks():
    clips = MemoryClips(landmarks=False)
    items = [sample(TRAIN, clips, 0, seed) for seed in range(40)]
    assert not any(item["source_keypoints"].any() for item in items)
    scales = np.stack([item["keypoint_scale"] for item in items])
    assert scales.max() > 1.2
    # The nominal face is never cut: 20 % beside it, 50 % above, 15 % below.
    left, right = 78 - 20, 177 + 20
    assert scales[:, 0].max() <= 256 / (right - left)


def test_only_frames_with_landmarks():
    clips = MemoryClips(undetected=range(3, 20))
    for seed in range(20):
        item = sample(PLAIN, clips, 0, seed)
        assert set(frames_of(clips, item, "driving_images")) <= {0, 1, 2}


def test_broken_clips_are_replaced_counted_and_named():
    clips = MemoryClips(broken=(0, 2, 3))
    for seed in range(8):
        assert sample(TRAIN, clips, 0, seed)["item_id"] == 1
        assert sample(TRAIN, clips, 1, seed)["item_id"] in (4, 5)
    assert set(clips.report.skipped) == {"clip0", "clip2", "clip3"}
    assert clips.report.num_failures >= 16


def test_items_do_not_depend_on_what_failed_before():
    settings = {"broken": (0,), "damaged": [(1, n) for n in range(0, 20, 3)]}
    used = MemoryClips(**settings)
    in_order = [sample(TRAIN, used, i % 3, i) for i in range(12)]
    for i in reversed(range(12)):
        assert equal(sample(TRAIN, MemoryClips(**settings), i % 3, i), in_order[i])


def test_nothing_usable_is_an_error_and_not_a_hang():
    with pytest.raises(ValueError, match="no item can be made: 6 clips were skipped"):
        sample(TRAIN, MemoryClips(broken=range(6)))
    with pytest.raises(ValueError, match="has one frame, training needs two"):
        sample(TRAIN, MemoryClips(num_frames=1))
    with pytest.raises(ValueError, match="has landmarks of a face"):
        sample(TRAIN, MemoryClips(undetected=range(20)))
    damaged = [(row, n) for row in range(6) for n in range(20)]
    with pytest.raises(ValueError, match="cannot be decoded"):
        sample(TRAIN, MemoryClips(damaged=damaged))


def test_evaluation_pairs():
    clips = MemoryClips(num_identities=1, broken=(0,))
    recipe = dataclasses.replace(PLAIN, frame_selection="tail")
    records = recipe.evaluation_records(clips)
    assert records == [FramePair(1, (0, 7), n) for n in (16, 17, 18, 19)]
    assert set(clips.report.skipped) == {"clip0"}
    item = recipe.evaluation_item(clips, records[2], np.random.default_rng(0))
    assert frames_of(clips, item, "source_images") == [0, 7]
    assert frames_of(clips, item, "driving_images") == [18]
    assert item["driving_frame"].tolist() == [18]
    spec = recipe.element_spec(evaluation=True)
    assert {n: (a.shape, a.dtype) for n, a in item.items()} == dict(spec)
    expected = (clips.landmarks(1)[18] + 0.5) * [SIZE / WIDTH, SIZE / HEIGHT] - 0.5
    np.testing.assert_allclose(item["driving_landmarks"][0], expected, atol=1e-5)


def test_evaluation_source_frames_are_the_given_ones():
    recipe = dataclasses.replace(
        PLAIN, evaluation_source_frames=(3, 2), evaluation_frames_per_clip=1
    )
    records = recipe.evaluation_records(MemoryClips(num_identities=1))
    assert records == [FramePair(0, (3, 2), 0), FramePair(1, (3, 2), 0)]


def test_evaluation_of_nothing():
    with pytest.raises(ValueError, match="validation or plain for evaluation"):
        TRAIN.evaluation_records(MemoryClips())
    with pytest.raises(ValueError, match="no evaluation item: 6 clips"):
        PLAIN.evaluation_records(MemoryClips(num_frames=1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"mode": "test"},
            "mode: expected one of train, validation, plain, got 'test'",
        ),
        ({"frame_selection": "head"}, "frame_selection: expected one of all"),
        ({"num_sources": 0}, "num_sources: expected at least 1, got 0"),
        ({"size": 0}, "size: expected at least 1"),
        ({"color_jitter": (0.1,)}, "color_jitter: expected brightness"),
        ({"evaluation_source_frames": (1, 2)}, r"expected 1 numbers \(num_sources\)"),
    ],
)
def test_bad_settings(changes, message):
    with pytest.raises(ValueError, match=message):
        FsrtItems(**changes)
