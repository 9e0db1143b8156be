from fractions import Fraction

import av
import numpy as np
import pytest

from data_pipelines.video import VideoError, VideoReader, VideoWriter, probe
from data_pipelines.video.writing import frame_rate
from tests.data_pipelines.video.clips import (
    audio_packets,
    decoded_sound,
    number_of,
    numbered_frames,
    write_tone,
)


def write(path, frames, fps=25, crf=5, **options):
    with VideoWriter(path, fps, crf=crf, preset="ultrafast", **options) as writer:
        for frame in frames:
            writer.write(frame)
    return path


def test_round_trip(tmp_path):
    path = write(tmp_path / "out.mp4", numbered_frames(20), Fraction(30000, 1001))
    info = probe(path)
    assert info.fps == Fraction(30000, 1001)
    assert info.duration == pytest.approx(20 * 1001 / 30000, abs=1e-6)
    assert (info.frames, info.codec) == (20, "h264")
    with VideoReader(path) as reader:
        assert [number_of(f) for f in reader.iterate()] == list(range(20))
    assert list(tmp_path.iterdir()) == [path]


def test_index_comes_first_and_pixels_are_what_browsers_play(tmp_path):
    path = write(tmp_path / "out.mp4", numbered_frames(3))
    data = path.read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert next(container.decode(stream)).pts == 0


def test_colours_survive(tmp_path):
    frames = np.zeros((2, 64, 64, 3), np.uint8)
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 150, 120)]
    for quarter, colour in enumerate(colours):
        y, x = divmod(quarter, 2)
        frames[:, 32 * y : 32 * y + 32, 32 * x : 32 * x + 32] = colour
    with VideoReader(write(tmp_path / "out.mp4", frames, crf=4)) as reader:
        back = reader.read([1])[0]
    for quarter, colour in enumerate(colours):
        y, x = divmod(quarter, 2)
        seen = back[32 * y + 8 : 32 * y + 24, 32 * x + 8 : 32 * x + 24].mean((0, 1))
        np.testing.assert_allclose(seen, colour, atol=3)


def test_odd_sizes_are_padded_by_the_last_row_and_column(tmp_path):
    frames = np.full((2, 33, 47, 3), 40, np.uint8)
    frames[:, :, -1] = frames[:, -1] = 220
    path = write(tmp_path / "odd.mp4", frames, crf=1)
    with VideoReader(path) as reader:
        assert (reader.info.width, reader.info.height) == (48, 34)
        assert reader.read([0])[0, -1, -1] == pytest.approx(220, abs=6)


def test_one_frame(tmp_path):
    info = probe(write(tmp_path / "one.mp4", numbered_frames(1)))
    assert (info.frames, info.fps, info.duration) == (1, 25, pytest.approx(0.04))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (29.97, Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (25.0, Fraction(25)),
        (30, Fraction(30)),
        (12.5, Fraction(25, 2)),
        (Fraction(1253, 42), Fraction(1253, 42)),
    ],
)
def test_frame_rates(given, expected):
    assert frame_rate(given) == expected


@pytest.mark.parametrize("fps", [0, -1.0, float("nan")])
def test_impossible_frame_rate(tmp_path, fps):
    with pytest.raises(ValueError, match="positive number of frames per second"):
        VideoWriter(tmp_path / "out.mp4", fps)


def test_aac_packets_are_copied_and_cut_to_the_video(tmp_path):
    sound = write_tone(tmp_path / "tone.m4a", 3.0)
    path = write(tmp_path / "out.mp4", numbered_frames(30), audio_from=sound)
    codec, payloads, times = audio_packets(path)
    _, original, original_times = audio_packets(sound)
    assert codec == "aac"
    assert payloads == original[: len(payloads)]
    np.testing.assert_allclose(times, original_times[: len(times)], atol=1e-4)
    samples, rate = decoded_sound(path)
    assert len(samples) / rate == pytest.approx(1.2, abs=0.025)
    assert probe(path).duration == pytest.approx(1.2)
    with av.open(str(path)) as container:
        assert container.duration / 1e6 == pytest.approx(1.2, abs=0.025)


def test_sound_from_a_later_start(tmp_path):
    sound = write_tone(tmp_path / "tone.m4a", 3.0)
    path = write(
        tmp_path / "out.mp4", numbered_frames(25), audio_from=sound, audio_start=1.0
    )
    _, payloads, times = audio_packets(path)
    _, original, original_times = audio_packets(sound)
    offset = original.index(payloads[3])
    assert original_times[offset] - times[3] == pytest.approx(1.0, abs=1e-3)
    assert min(times) > -0.05


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("tone.wav", "pcm_s16le", 8000), ("tone.mka", "libopus", 48000)],
)
def test_other_sound_is_encoded_as_aac_in_time(tmp_path, name, codec, rate):
    sound = write_tone(tmp_path / name, 1.0, codec, rate)
    path = write(tmp_path / "out.mp4", numbered_frames(50), audio_from=sound)
    assert audio_packets(path)[0] == "aac"
    samples, rate = decoded_sound(path)
    assert len(samples) / rate == pytest.approx(1.0, abs=0.06)
    loud = np.flatnonzero(np.abs(samples) > 0.25)
    assert loud[0] / rate < 0.06
    spectrum = np.abs(np.fft.rfft(samples[loud[0] :]))
    peak = np.argmax(spectrum) * rate / len(samples[loud[0] :])
    assert peak == pytest.approx(440, abs=5)


def test_mp3_and_adts_aac_are_copied(tmp_path):
    for name, codec in (("tone.mp3", "libmp3lame"), ("tone.aac", "aac")):
        sound = write_tone(tmp_path / name, 0.5, codec)
        path = write(tmp_path / "out.mp4", numbered_frames(10), audio_from=sound)
        assert audio_packets(path)[0] == ("mp3" if codec == "libmp3lame" else "aac")
        samples, rate = decoded_sound(path)
        assert len(samples) / rate == pytest.approx(0.4, abs=0.06)


def test_silent_driver_gives_a_silent_video(tmp_path):
    silent = write(tmp_path / "silent.mp4", numbered_frames(3))
    path = write(tmp_path / "out.mp4", numbered_frames(3), audio_from=silent)
    assert not probe(path).has_audio


def test_sound_of_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone.mp4"):
        VideoWriter(tmp_path / "out.mp4", 25, audio_from=tmp_path / "gone.mp4")


def test_error_inside_leaves_nothing_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_text("old")
    with (
        pytest.raises(RuntimeError),
        VideoWriter(path, 25, preset="ultrafast") as writer,
    ):
        for frame in numbered_frames(60):  # more than the encoder holds back
            writer.write(frame)
        assert len(list(tmp_path.iterdir())) == 2
        raise RuntimeError
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old"


def test_wrong_input(tmp_path):
    with pytest.raises(ValueError, match=r"out.webm: expected a name ending in .mp4"):
        VideoWriter(tmp_path / "out.webm", 25)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        VideoWriter(tmp_path / "nowhere" / "out.mp4", 25)
    with pytest.raises(VideoError, match="no frame was written"):
        write(tmp_path / "out.mp4", [])
    with pytest.raises(ValueError, match="got float64"):
        write(tmp_path / "out.mp4", np.zeros((1, 8, 8, 3)))
    with pytest.raises(ValueError, match="frame 1 has 10 x 8"):
        write(
            tmp_path / "out.mp4",
            [np.zeros((8, 8, 3), np.uint8), np.zeros((8, 10, 3), np.uint8)],
        )
    assert list(tmp_path.iterdir()) == []
