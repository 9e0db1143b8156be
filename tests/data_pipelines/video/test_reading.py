import pickle
import re

import av
import numpy as np
import pytest

from data_pipelines.video import (
    VideoError,
    VideoReader,
    index_frames,
    iterate_frames,
    probe,
)
from tests.data_pipelines.video.clips import (
    number_of,
    numbered_frames,
    write_stream,
    write_tone,
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_stream(
        path, numbered_frames(40), x264_params="keyint=12:scenecut=0:bframes=3", crf=10
    )


def numbers(frames):
    return [number_of(frame) for frame in frames]


def test_index_has_several_groups_with_reordered_frames(clip):
    index = index_frames(clip)
    np.testing.assert_array_equal(index.key_frames, [0, 12, 24, 36])
    assert len(index.times) == 40
    assert (np.diff(index.times) > 0).all()
    assert (index.seek_times < index.times[index.key_frames]).all()
    assert [index.key_frame_of(n) for n in (0, 11, 12, 39)] == [0, 0, 1, 3]


def test_info(clip):
    info = probe(clip)
    assert (info.frames, info.width, info.height, info.fps) == (40, 48, 32, 25)
    assert info.duration == pytest.approx(1.6)
    assert (info.rotation, info.has_audio, info.codec) == (0, False, "h264")
    assert info.missing_frames == 0


@pytest.mark.parametrize(
    "indices",
    [[0], [39], [17, 3, 25, 3, 39, 0], [-1, -40, 12, 11], list(range(40)), []],
)
def test_reads_any_frames_in_any_order(clip, indices):
    with VideoReader(clip) as reader:
        frames = reader.read(indices)
        assert frames.shape == (len(indices), 32, 48, 3)
        assert frames.dtype == np.uint8
        assert numbers(frames) == [i % 40 for i in indices]


def test_repeated_reads_give_the_same_pixels(clip):
    with VideoReader(clip) as reader:
        forward = reader.read(np.arange(40))
        for number in (30, 5, 38, 5):
            np.testing.assert_array_equal(reader.read([number])[0], forward[number])


def test_random_reads_decode_only_their_group(clip, monkeypatch):
    with VideoReader(clip) as reader:
        decoded = []
        original = VideoReader._frames_from

        def counting(self, wanted):
            for number, frame in original(self, wanted):
                decoded.append(number)
                yield number, frame

        monkeypatch.setattr(VideoReader, "_frames_from", counting)
        reader.read([26, 13])
    assert decoded == [12, 13, 24, 25, 26]


def test_index_is_shared_and_pickled(clip):
    index = pickle.loads(pickle.dumps(index_frames(clip)))
    with VideoReader(clip, index=index) as reader:
        assert reader.index is index
        assert numbers(reader.read([20])) == [20]


def test_number_outside_the_clip(clip):
    with (
        VideoReader(clip) as reader,
        pytest.raises(IndexError, match=r"no frame 40.*has 40"),
    ):
        reader.read([40])


def test_iterates_in_order_and_as_a_slice(clip):
    assert numbers(iterate_frames(clip)) == list(range(40))
    assert numbers(iterate_frames(clip, 10, 15)) == [10, 11, 12, 13, 14]
    assert numbers(iterate_frames(clip, -3)) == [37, 38, 39]
    assert numbers(iterate_frames(clip, 20, 10)) == []


@pytest.mark.parametrize(
    ("suffix", "codec", "pixel_format"),
    [
        ("avi", "libx264", "yuv420p"),
        ("avi", "mjpeg", "yuvj420p"),
        ("mkv", "ffv1", "gray"),
        ("mkv", "ffv1", "bgra"),
        ("ts", "libx264", "yuv420p"),
        ("h264", "libx264", "yuv420p"),
        ("webm", "libvpx", "yuv420p"),
    ],
)
def test_other_containers_codecs_and_pixel_formats(
    tmp_path, suffix, codec, pixel_format
):
    path = tmp_path / f"clip.{suffix}"
    write_stream(path, numbered_frames(30), codec, pixel_format=pixel_format, b="2M")
    with VideoReader(path) as reader:
        assert len(reader) == 30
        assert numbers(reader.read([29, 4, 17, 18])) == [29, 4, 17, 18]
        assert numbers(reader.iterate()) == list(range(30))


def test_variable_frame_rate(tmp_path):
    times = np.cumsum([0] + [20, 80] * 14 + [20])
    path = write_stream(tmp_path / "vfr.mp4", numbered_frames(30), times=times.tolist())
    with VideoReader(path) as reader:
        assert numbers(reader.read([29, 7, 8, 1])) == [29, 7, 8, 1]
        seconds = reader.index.times - reader.index.times[0]
        np.testing.assert_allclose(seconds / seconds[-1], times / times[-1], atol=1e-3)
        assert reader.info.duration == pytest.approx(1.42, abs=0.1)


@pytest.mark.parametrize("counterclockwise", [90, 180, 270])
def test_rotation_is_applied(tmp_path, counterclockwise):
    frames = np.zeros((3, 32, 48, 3), np.uint8)
    frames[:, :16, :24] = 250  # top left quarter
    path = write_stream(tmp_path / "turned.mp4", frames, rotation=counterclockwise)
    info = probe(path)
    assert info.rotation == 360 - counterclockwise
    expected = np.rot90(frames[0], counterclockwise // 90)
    assert (info.height, info.width) == expected.shape[:2]
    with VideoReader(path) as reader:
        error = reader.read([2])[0].astype(int) - expected
        assert np.abs(error).mean() < 4


def test_one_frame(tmp_path):
    path = write_stream(tmp_path / "one.mp4", numbered_frames(1) + 20)
    with VideoReader(path) as reader:
        assert (len(reader), numbers(reader.read([0, -1]))) == (1, [5, 5])
    assert probe(path).fps > 0


def test_damage_in_the_middle_names_file_and_frame(tmp_path, clip):
    data = bytearray(clip.read_bytes())
    with av.open(str(clip)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    damaged = packets[18]
    data[damaged.pos : damaged.pos + damaged.size] = bytes(damaged.size)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    with VideoReader(broken) as reader:
        assert len(reader) == 40
        assert numbers(reader.read([2])) == [2]
        with pytest.raises(
            VideoError, match=r"broken\.mp4: frame \d+ cannot be dec"
        ) as e:
            reader.read(range(40))
        assert 12 <= int(re.search(r"frame (\d+)", str(e.value)).group(1)) < 24
        assert numbers(reader.read([39, 2])) == [39, 2]  # other groups stay readable
        frames = list(reader.iterate_readable())
        lost = [number for number, frame in enumerate(frames) if frame is None]
        assert len(frames) == 40 and lost == list(range(lost[0], 24)) and lost[0] >= 12
        known = [number for number in range(40) if number not in lost]
        assert numbers(np.stack([frames[number] for number in known])) == known
    with pytest.raises(VideoError, match="cannot be decoded"):
        list(iterate_frames(broken))


def test_cut_off_file_holds_fewer_frames(tmp_path):
    whole = write_stream(
        tmp_path / "whole.mkv", numbered_frames(60), gop_size=10, crf=5
    )
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    with VideoReader(cut) as reader:
        assert 10 < len(reader) < 60
        assert numbers(reader.read([0, -1])) == [0, len(reader) - 1]


def test_sound_alone_is_no_video(tmp_path):
    with pytest.raises(VideoError, match=r"tone.m4a: no video stream, only audio"):
        probe(write_tone(tmp_path / "tone.m4a", 0.2))


def test_not_a_video(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("not a video at all")
    with pytest.raises(
        VideoError, match=r"text.mp4: not a readable video \(18 bytes\)"
    ):
        probe(text)
    with pytest.raises(VideoError, match="found a folder"):
        probe(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"gone.mp4"):
        VideoReader(tmp_path / "gone.mp4")
