"""The source of clips on disk."""

import logging
import pickle

import numpy as np
import pytest

from data_pipelines.sources import clips as clips_module
from data_pipelines.sources.base import UnusableClip
from data_pipelines.sources.clips import ClipSource
from data_pipelines.video import VideoError, VideoReader, write_image
from tests.data_pipelines.sources.small_clips import (
    HEIGHT,
    NUM_FRAMES,
    WIDTH,
    level,
    write_clip,
    write_image_folder,
    write_landmarks,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips")
    write_clip(path / "a#0#0#1.mp4", 0)
    write_clip(path / "a#1#0#1.mp4", 1)
    write_image_folder(path / "b", 2, 5)
    return path


@pytest.fixture
def decodes(monkeypatch):
    """Counts how often a clip is opened for reading."""
    opened = []
    real = clips_module.open_clip

    def counting(index):
        opened.append(index.path.name)
        return real(index)

    monkeypatch.setattr(clips_module, "open_clip", counting)
    return opened


def levels(frames):
    return [int(np.rint(frame.mean())) for frame in frames]


@pytest.mark.parametrize("cache_bytes", [0, 40_000, 1 << 30])
def test_frames_do_not_depend_on_the_cache(folder, cache_bytes):
    source = ClipSource(folder, cache_bytes=cache_bytes)
    rng = np.random.default_rng(0)
    for _ in range(15):
        row = int(rng.integers(3))
        clip = source.clip(row)
        numbers = rng.integers(clip.num_frames, size=4).tolist()
        frames = source.frames(row, numbers)
        wanted = [level(row, number) for number in numbers]
        np.testing.assert_allclose(levels(frames), wanted, atol=1)
        assert all(f.shape == (HEIGHT, WIDTH, 3) for f in frames)
        assert source.cache.num_bytes <= cache_bytes


def test_small_clips_are_decoded_once(folder, decodes):
    source = ClipSource(folder, cache_bytes=1 << 30)
    for numbers in ([0, 5], [3], [11, 0]):
        source.frames(0, numbers)
    assert decodes == ["a#0#0#1.mp4"]


def test_large_clips_are_read_by_frame(folder, decodes):
    room = 2 * 3 * WIDTH * HEIGHT * 3 + 10_000
    source = ClipSource(folder, cache_bytes=room)
    source.frames(0, [2])
    assert source.cache.get((0, 2)) is not None
    assert source.cache.get((0, 3)) is None
    source.frames(0, [2])
    assert len(decodes) == 1
    source.frames(0, [3, 2])
    assert len(decodes) == 2


def test_kept_frames_cannot_be_changed(folder):
    (frame,) = ClipSource(folder).frames(0, [0])
    with pytest.raises(ValueError, match="read-only"):
        frame[0] = 0


def test_frame_size_squeezes_whole_frames(folder, tmp_path):
    points = write_landmarks(tmp_path / "a#0#0#1.npz")
    source = ClipSource(folder / "a#0#0#1.mp4", landmarks=tmp_path, frame_size=16)
    clip = source.clip(0)
    assert (clip.width, clip.height, clip.num_frames) == (16, 16, NUM_FRAMES)
    assert source.frames(0, [4])[0].shape == (16, 16, 3)
    expected = (points + 0.5) * [16 / WIDTH, 16 / HEIGHT] - 0.5
    np.testing.assert_allclose(clip.landmarks, expected, atol=1e-4)


def test_clip_crop_follows_the_face(tmp_path):
    """The crop of a picture of coordinates tells where it was cut."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    frame = np.stack([columns * 4, rows * 4, rows * 0], -1).astype(np.uint8)
    (tmp_path / "clip").mkdir()
    for number in range(NUM_FRAMES):
        write_image(tmp_path / "clip" / f"{number:02d}.png", frame)
    points = write_landmarks(tmp_path / "clip.npz")
    source = ClipSource(
        (tmp_path / "clip",),
        landmarks=tmp_path / "clip.npz",
        crop="clip",
        frame_size=64,
    )
    (cropped,) = source.frames(0, [3])
    landmarks = source.clip(0).landmarks[3]
    inside = points[3][:, 0] < WIDTH - 1
    sampled = cropped[
        np.rint(landmarks[:, 1]).astype(int), np.rint(landmarks[:, 0]).astype(int)
    ]
    # One pixel of the crop is about half a pixel of the frame, so 2 grey levels.
    np.testing.assert_allclose(sampled[inside, 0] / 4, points[3][inside, 0], atol=0.8)
    np.testing.assert_allclose(sampled[:, 1] / 4, points[3][:, 1], atol=0.8)
    spread = landmarks.max(axis=0) - landmarks.min(axis=0)
    assert spread.max() < 64 / 1.25


def test_clip_crop_without_landmarks_is_central(folder):
    source = ClipSource((folder / "b",), crop="clip")
    clip = source.clip(0)
    assert (clip.width, clip.height) == (HEIGHT, HEIGHT)
    assert clip.landmarks is None and clip.detected.all()
    assert source.frames(0, [1])[0].shape == (HEIGHT, HEIGHT, 3)


def test_published_landmarks(folder, tmp_path):
    """[T, 68, 2] on the 256 scale; all zeros where no face was found."""
    points = np.random.default_rng(0).uniform(60, 200, (NUM_FRAMES, 68, 2))
    points[[3, 7]] = 0
    np.save(tmp_path / "a#0#0#1.npy", points)
    clip = ClipSource(folder / "a#0#0#1.mp4", landmarks=tmp_path).clip(0)
    assert np.flatnonzero(~clip.detected).tolist() == [3, 7]
    expected = (points[0] + 0.5) * [WIDTH / 256, HEIGHT / 256] - 0.5
    np.testing.assert_allclose(clip.landmarks[0], expected, atol=1e-4)


def test_unusable_clips_say_why_and_stay_so(folder, tmp_path):
    (tmp_path / "noise.mp4").write_bytes(b"not a video" * 50)
    (tmp_path / "empty.mp4").write_bytes(b"")
    source = ClipSource(tmp_path)
    for _ in range(2):
        with pytest.raises(UnusableClip, match=r"noise\.mp4: not a readable video"):
            source.clip(1)
        with pytest.raises(UnusableClip, match=r"empty\.mp4"):
            source.frames(0, [0])


def test_landmarks_that_are_missing_or_of_another_clip(folder, tmp_path):
    write_landmarks(tmp_path / "a#0#0#1.npz", NUM_FRAMES + 3)
    source = ClipSource(folder, landmarks=tmp_path)
    with pytest.raises(UnusableClip, match=r"a#0#0#1.*expected frames 0 to 11"):
        source.clip(0)
    with pytest.raises(UnusableClip, match=r"a#1#0#1\.npz: no such landmark file"):
        source.clip(1)


class DamagedReader:
    """A reader of a file in which frame 6 is damaged."""

    def __init__(self, index):
        self._reader = VideoReader(index.path, index=index)

    def read(self, indices):
        if 6 in indices:
            raise VideoError("frame 6 cannot be decoded")
        return self._reader.read(indices)

    def iterate(self):
        for number, image in enumerate(self._reader.iterate()):
            if number == 6:
                raise VideoError("frame 6 cannot be decoded")
            yield image

    def close(self):
        self._reader.close()


@pytest.mark.parametrize("cache_bytes", [0, 1 << 30])
def test_a_damaged_frame_spoils_itself_only(folder, monkeypatch, cache_bytes):
    monkeypatch.setattr(clips_module, "open_clip", DamagedReader)
    source = ClipSource(folder / "a#0#0#1.mp4", cache_bytes=cache_bytes)
    for _ in range(2):
        np.testing.assert_allclose(
            levels(source.frames(0, [5, 9])), [level(0, 5), level(0, 9)], atol=1
        )
        with pytest.raises(UnusableClip, match="frame 6 cannot be decoded"):
            source.frames(0, [5, 6])


def test_truncated_file(folder, tmp_path):
    """What the file still holds can be used."""
    whole = (folder / "a#0#0#1.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: int(len(whole) * 0.8)])
    source = ClipSource(tmp_path)
    num_frames = source.clip(0).num_frames
    assert 0 < num_frames < NUM_FRAMES
    frames = source.frames(0, range(num_frames - 1))
    wanted = [level(0, number) for number in range(num_frames - 1)]
    np.testing.assert_allclose(levels(frames), wanted, atol=1)


def test_report_counts_and_logs_once(folder, caplog):
    source = ClipSource(folder)
    with caplog.at_level(logging.WARNING):
        for reason in ("first", "second"):
            source.report.add(UnusableClip("x.mp4", reason))
        source.report.add(UnusableClip("y.mp4", "y.mp4: third"))
    assert [r.getMessage() for r in caplog.records] == [
        "Skipped: x.mp4: first",
        "Skipped: y.mp4: third",
    ]
    assert source.report.num_failures == 3
    assert source.report.skipped == {"x.mp4": "x.mp4: first", "y.mp4": "y.mp4: third"}
    expected = "2 clips were skipped: x.mp4: first; and 1 more"
    assert source.report.summary(limit=1) == expected


def test_a_copy_in_another_process_knows_the_same_clips(folder):
    source = ClipSource(folder)
    before = source.frames(1, [2])[0]
    copy = pickle.loads(pickle.dumps(source))
    assert copy.cache.num_bytes == 0 and copy.identities == source.identities
    np.testing.assert_array_equal(copy.frames(1, [2])[0], before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crop": "face"}, "crop: expected none or clip, got 'face'"),
        ({"crop_scale": 0}, "crop_scale: expected more than 0"),
        ({"frame_size": 0}, "frame_size: expected at least 1"),
        ({"cache_bytes": -1}, "cache_bytes: expected 0 or more"),
    ],
)
def test_bad_settings(folder, changes, message):
    with pytest.raises(ValueError, match=message):
        ClipSource(folder, **changes)


def test_bad_landmark_paths(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such landmark file or folder"):
        ClipSource(folder, landmarks=tmp_path / "none")
    write_landmarks(tmp_path / "one.npz")
    with pytest.raises(ValueError, match="expected a folder for 3 clips"):
        ClipSource(folder, landmarks=tmp_path / "one.npz")
