"""What users have: several people, nobody, portrait, turned, 10-bit and grey clips."""

import dataclasses

import numpy as np
import pytest

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.landmarks.finders import FaceFinder, FinderSettings, build_detector
from data_pipelines.landmarks.schemas import face_box
from data_pipelines.sources.synthetic_clips import SyntheticClips
from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.sources.true_faces import track_of_clip
from data_pipelines.transforms.crops import paste_back
from data_pipelines.video import iterate_frames, probe
from face_jax.cli.face_squares import CropRule as SquareRule
from face_jax.cli.faces import CropRule, find_crops
from face_jax.cli.footage import Input, open_footage
from face_jax.cli.synthetic_data import generate
from tests.cli.odd_clips import Person, draw, landmarks_of, write_people
from tests.data_pipelines.landmarks.small_yunet import write_small_yunet

FRAMES = 12
WIDTH, HEIGHT = 320, 192


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    model = write_small_yunet(tmp_path_factory.mktemp("odd") / "small.onnx")
    return FinderSettings("yunet", model)


@pytest.fixture
def finder(settings):
    """Makes a finder that follows a choice of a face."""
    detector = build_detector(settings)
    return lambda choice="largest": FaceFinder(detector, settings, choice)


def crops_of(path, finder, rule="moving"):
    info = probe(path)
    size = (info.width, info.height)
    return find_crops(path, None, info.frames, size, CropRule(rule), finder)


def squares_of(path, finder, corners="edges"):
    rule = SquareRule("frame", 1.3, corners=corners)
    return open_footage(Input(path, None, "clip", False), rule, finder)


def centres(boxes):
    return boxes.reshape(-1, 2, 2).mean(axis=1)


def frames_of(path):
    return np.stack(list(iterate_frames(path)))


LEFT = [Person(8 + n // 4, 8) for n in range(FRAMES)]
MIDDLE = [Person(19, 12) for n in range(FRAMES)]
RIGHT = [Person(31 - n // 4, 10, large=True) for n in range(FRAMES)]


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Three people side by side; the right one is the largest."""
    people = zip(LEFT, MIDDLE, RIGHT, strict=True)
    path = tmp_path_factory.mktemp("crowd") / "crowd.mp4"
    return write_people(path, [draw(WIDTH, HEIGHT, some) for some in people])


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [("largest", RIGHT), ("central", MIDDLE), (0, LEFT), (1, MIDDLE), (2, RIGHT)],
)
def test_one_of_several_people_is_followed(crowd, finder, choice, chosen):
    expected = np.stack([person.centre for person in chosen])
    footage = squares_of(crowd, finder(choice))
    assert footage.valid.all() and footage.made_by == "boxes" and footage.points is None
    np.testing.assert_allclose(centres(footage.squares), expected, atol=0.6)
    sides = np.ptp(footage.squares.reshape(-1, 2, 2), axis=1)
    longer = np.ptp(chosen[0].box.reshape(2, 2), axis=0).max()
    np.testing.assert_allclose(sides, 1.3 * longer, rtol=0.03)
    moving = crops_of(crowd, finder(choice))
    # Smooth: what is averaged over some frames lags a little.
    np.testing.assert_allclose(centres(moving.boxes), expected, atol=9)
    assert moving.landmarks is None and moving.keypoints(slice(0, 1)) is None


def test_a_number_that_nobody_has_is_a_clip_without_a_face(crowd, finder):
    with pytest.raises(ValueError, match=r"crowd\.mp4: no face was found in any of 12"):
        crops_of(crowd, finder(3))


def test_squares_of_both_kinds_are_about_the_same_face(crowd, finder):
    edges, between = (
        squares_of(crowd, finder("central"), corners).squares
        for corners in ("edges", "centres")
    )
    # Corners between centres of pixels lie half a pixel off.
    np.testing.assert_allclose(centres(between), centres(edges) - 0.5, atol=1e-4)
    width, height = np.ptp(MIDDLE[0].box.reshape(2, 2), axis=0)
    mean = np.ptp(between[0].reshape(2, 2), axis=0)
    np.testing.assert_allclose(mean, 1.3 * (width + height) / 2, rtol=0.03)


def test_frames_without_a_face(tmp_path, finder):
    blurred, gone, end, count = 2, slice(5, 9), 11, 13
    people = [Person(10 + n, 10) for n in range(count)]
    here = [[person] for person in people]
    for number in (blurred, *range(count)[gone], *range(end, count)):
        here[number] = []
    path = tmp_path / "gaps.mp4"
    write_people(path, [draw(WIDTH, HEIGHT, some) for some in here])
    found = np.array([bool(some) for some in here])
    crops = crops_of(path, finder())
    assert crops.valid.tolist() == found.tolist()
    # Commands that tell of every frame take a single one for blurred.
    footage = squares_of(path, finder())
    assert np.flatnonzero(footage.valid != found).tolist() == [blurred]
    expected = np.stack([person.centre for person in people])
    known = footage.valid
    np.testing.assert_allclose(
        centres(footage.squares)[known], expected[known], atol=0.8
    )
    # Crops pass over gaps evenly, and stay where the face was seen last.
    np.testing.assert_allclose(centres(footage.squares)[gone], expected[gone], atol=0.8)
    np.testing.assert_allclose(
        centres(footage.squares)[end:], [expected[end - 1]] * 2, atol=0.8
    )


def test_nobody_is_taken_for_a_person_who_is_not_found_for_a_while(tmp_path, finder):
    shown = [
        [left, right] if not 4 <= n < 8 else [left]
        for n, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True))
    ]
    path = tmp_path / "beside.mp4"
    write_people(path, [draw(WIDTH, HEIGHT, some) for some in shown])
    footage = squares_of(path, finder("largest"))
    assert footage.valid.tolist() == [not 4 <= n < 8 for n in range(FRAMES)]
    expected = np.stack([person.centre for person in RIGHT])
    np.testing.assert_allclose(centres(footage.squares), expected, atol=8)


def changed_by_pasting(frames, boxes):
    """Pastes a flat picture at every box; what of each frame [T, H, W] changes."""
    flat = np.zeros((40, 40, 3), np.uint8)
    flat[..., 2] = 255
    pasted = [paste_back(f, flat, box) for f, box in zip(frames, boxes, strict=True)]
    assert all(p.shape == f.shape for p, f in zip(pasted, frames, strict=True))
    return np.stack(pasted), (np.stack(pasted) != frames).any(axis=-1)


def check_paste_back(path, crops):
    """Outside of the box nothing changes; its middle is the new picture."""
    frames = frames_of(path)
    pasted, changed = changed_by_pasting(frames, crops.boxes)
    for picture, mask, box in zip(pasted, changed, crops.boxes, strict=True):
        left, top, right, bottom = box
        inside = np.zeros(mask.shape, bool)
        rows = slice(max(0, round(top)), max(0, round(bottom)))
        inside[rows, max(0, round(left)) : max(0, round(right))] = True
        assert not mask[~inside].any() and mask[inside].mean() > 0.9
        x, y = (int(value) for value in box.reshape(2, 2).mean(axis=0))
        np.testing.assert_array_equal(picture[y, x], [0, 0, 255])


def is_upright(crop):
    """Dark hair is above the face, and the chin below."""
    strip, middle = len(crop) // 8, slice(len(crop) * 3 // 8, len(crop) * 5 // 8)
    return crop[:strip, middle].mean() < 70 and crop[-strip:, middle].mean() > 110


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_portrait_clips_and_clips_turned_by_a_mark_in_the_file(
    tmp_path, finder, turned
):
    width, height = 192, 320
    people = [Person(9 + n // 4, 12) for n in range(FRAMES)]
    shown = np.stack([draw(width, height, [person]) for person in people])
    stored = np.rot90(shown, -(turned // 90), axes=(1, 2))
    path = write_people(tmp_path / "phone.mp4", list(stored), rotation=turned)
    info = probe(path)
    assert (info.width, info.height) == (width, height)
    fixed, crops = crops_of(path, finder(), rule="face"), crops_of(path, finder())
    assert crops.valid.all()
    expected = np.mean([person.centre for person in people], axis=0)
    np.testing.assert_allclose(centres(fixed.boxes), [expected] * FRAMES, atol=1)
    assert all(is_upright(crops.cut(f, n, 64)) for n, f in enumerate(frames_of(path)))
    check_paste_back(path, crops)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("deep.mp4", {"codec": "libx264", "pixel_format": "yuv420p10le"}),
        ("deep.mkv", {"codec": "ffv1", "pixel_format": "yuv420p10le"}),
        ("full.mkv", {"codec": "ffv1", "pixel_format": "bgra"}),
    ],
)
def test_clips_of_other_depths(tmp_path, finder, name, options):
    people = [Person(20 + n // 4, 10) for n in range(FRAMES)]
    shown = [draw(WIDTH, HEIGHT, [person]) for person in people]
    path = write_people(tmp_path / name, shown, **options)
    frames = frames_of(path)
    assert frames.dtype == np.uint8
    assert np.abs(frames.astype(int) - np.stack(shown)).mean() < 3
    crops = crops_of(path, finder())
    expected = np.stack([person.centre for person in people])
    np.testing.assert_allclose(centres(crops.boxes), expected, atol=9)
    assert is_upright(crops.cut(frames[0], 0, 64))
    check_paste_back(path, crops)


def test_a_grey_clip_stays_grey(tmp_path):
    people = [Person(20 + n // 4, 10) for n in range(FRAMES)]
    shown = [draw(WIDTH, HEIGHT, [person]) for person in people]
    options = {"codec": "ffv1", "pixel_format": "gray"}
    path = write_people(tmp_path / "grey.mkv", shown, **options)
    points, numbers = landmarks_of(people), np.arange(FRAMES)
    save_landmarks(path.with_suffix(".npz"), points, numbers, (WIDTH, HEIGHT))
    crops, frames = crops_of(path, None), frames_of(path)
    expected = np.stack([person.centre for person in people])
    np.testing.assert_allclose(centres(crops.boxes), expected, atol=9)
    own = [crops.cut(f, n, 90) for n, f in enumerate(frames)]
    for frame, crop, box in zip(frames, own, crops.boxes, strict=True):
        assert np.ptp(crop, axis=-1).max() == 0
        restored = paste_back(frame, crop, box)
        assert np.ptp(restored, axis=-1).max() == 0
        assert np.abs(restored.astype(int) - frame).mean() < 2


@pytest.mark.slow
def test_two_built_in_people_are_found_by_their_truth(tmp_path):
    settings = SyntheticSettings(clips=10, clips_per_person=1, num_frames=4, size=96)
    generate(tmp_path / "people", settings)
    clips = SyntheticClips(tmp_path / "people", "train")
    shown = [np.stack(clips.frames(row, range(4))) for row in (0, 1)]
    path = write_people(tmp_path / "two.mp4", list(np.concatenate(shown, axis=2)))
    first, second = (clips.clip(row) for row in (0, 1))
    beside = second.landmarks + np.array([96, 0], np.float32)
    moved = dataclasses.replace(second, landmarks=beside)
    tracks = [track_of_clip(first), track_of_clip(moved)]
    detector = build_detector("truth", tracks)
    for choice, track in enumerate(tracks):
        crops = crops_of(path, FaceFinder(detector, FinderSettings("truth"), choice))
        expected = face_box(track.points).reshape(-1, 2, 2).mean(axis=1)
        np.testing.assert_allclose(centres(crops.boxes), expected, atol=4)
        np.testing.assert_allclose(crops.landmarks, track.points, atol=1e-4)
        assert np.abs(crops.keypoints(slice(0, 4))).max() < 1
        check_paste_back(path, crops)
