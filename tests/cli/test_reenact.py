import dataclasses
import functools
import hashlib
import json
import resource
import shlex
import tracemalloc

import cv2
import numpy as np
import pytest

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.video import (
    VideoReader,
    VideoWriter,
    iterate_frames,
    probe,
    read_image,
    write_image,
)
from face_jax.cli.__main__ import main
from face_jax.cli.driver import open_driver
from face_jax.cli.reenact_video import Output, reenact_video
from face_jax.cli.sources import pick_sources, read_sources
from face_jax.fsrt import inference
from face_jax.fsrt.inference import animate, encode_sources
from face_jax.fsrt.motion import MotionOptions
from tests.cli.clips import face_landmarks, write_clip_with_sound
from tests.cli.odd_clips import Person, draw, write_people
from tests.data_pipelines.landmarks.small_yunet import write_small_yunet
from tests.data_pipelines.video.clips import audio_packets, write_stream
from tests.fsrt.tiny_model import (
    CHUNK,
    IMAGE_SIZE,
    build_model,
    moving_frames,
    save_checkpoint,
)

FRAMES = 21  # not a multiple of the chunk
RATE = 30


@pytest.fixture(scope="module")
def model():
    return build_model()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, model):
    """A checkpoint, a picture and a driving clip with sound."""
    folder = tmp_path_factory.mktemp("reenact")
    save_checkpoint(folder / "run", model)
    write_image(folder / "me.png", moving_frames(1, 48, 48, seed=1)[0])
    write_clip_with_sound(folder / "drive.mp4", moving_frames(FRAMES, 48, 64), RATE)
    return folder


@pytest.fixture
def run(folder, tmp_path, monkeypatch, capsys):
    """Runs the command with the usual files, in a fresh folder for its output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(inference, "load", load_once)

    def call(extra="", source="me.png", driving="drive.mp4", out="out.mp4"):
        status = main(
            [
                *(
                    "reenact",
                    "--checkpoint",
                    str(folder / "run"),
                    "--chunk",
                    str(CHUNK),
                ),
                *("--source", *(str(folder / s) for s in source.split())),
                *("--driving", str(folder / driving), "--out", out),
                *shlex.split(extra),
            ]
        )
        return status, capsys.readouterr()

    return call


load_once = functools.cache(inference.load)


def frames_of(path):
    return np.stack(list(iterate_frames(path)))


def test_video_keeps_duration_frame_rate_and_sound(run, folder, tmp_path):
    status, captured = run("--report report.json")
    assert status == 0, captured.err
    driver, result = probe(folder / "drive.mp4"), probe("out.mp4")
    assert (result.codec, result.width, result.height) == ("h264", 32, 32)
    assert result.frames == FRAMES and result.fps == driver.fps == RATE
    assert result.duration == pytest.approx(driver.duration, abs=1e-3)
    codec, packets, _ = audio_packets("out.mp4")
    _, original, _ = audio_packets(folder / "drive.mp4")
    assert codec == "aac" and len(packets) > 20
    assert packets == original[: len(packets)]
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["frames"] == FRAMES and report["initial_frame"] == 0
    assert f"{FRAMES}/{FRAMES} frames" in captured.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.mp4", "report.json"]


def test_pixels_are_those_of_animate(run, folder, model):
    options = MotionOptions(
        relative=True, adapt_scale=True, pose_strength=0.5, expression_strength=1.5
    )
    status, _ = run(
        "--pose-strength 0.5 --expression-strength 1.5 --initial-frame best "
        "--smoothing 0.5 --crop whole"
    )
    assert status == 0
    scene = encode_sources(model, [read_image(folder / "me.png")])
    expected = animate(
        model,
        scene,
        frames_of(folder / "drive.mp4"),
        options,
        initial="best",
        smoothing=0.5,
        frame_rate=RATE,
        chunk=CHUNK,
    )
    assert np.abs(frames_of("out.mp4").astype(int) - expected).mean() < 12  # lossy
    plain = animate(model, scene, frames_of(folder / "drive.mp4"), chunk=CHUNK)
    assert np.abs(plain.astype(int) - expected).mean() > 12


def test_smoothing_calms_the_driver(folder, model, tmp_path):
    rng = np.random.default_rng(0)
    frames = moving_frames(1, 48, 48).repeat(25, 0)
    noisy = np.clip(frames + rng.normal(0, 8, frames.shape), 0, 255).astype(np.uint8)
    write_stream(tmp_path / "noisy.mp4", noisy)
    report = reenact_video(
        model,
        read_sources([folder / "me.png"], IMAGE_SIZE),
        open_driver(tmp_path / "noisy.mp4"),
        Output(tmp_path / "out.mp4"),
        smoothing=0.5,
        chunk=CHUNK,
    )
    assert 0 < report.jitter_after < report.jitter_before / 3


def test_side_by_side_size_and_no_audio(run, folder):
    status, _ = run("--side-by-side --size 64 --no-audio")
    assert status == 0
    info = probe("out.mp4")
    assert (info.width, info.height, info.has_audio) == (128, 64, False)
    left = frames_of("out.mp4")[:, :, :64].astype(int)
    middle = frames_of(folder / "drive.mp4")[:, :, 8:56]
    shown = np.stack([cv2.resize(frame, (64, 64)) for frame in middle])
    assert np.abs(left - shown).mean() < 12


def test_paste_back_changes_the_face_alone(run, folder):
    full = moving_frames(1, 60, 90, seed=2)[0]
    write_image(folder / "wide.png", full)
    status, _ = run("--paste-back", source="wide.png")
    assert status == 0
    frames = frames_of("out.mp4").astype(int)
    assert frames.shape == (FRAMES, 60, 90, 3)
    beside = np.abs(frames[:, :, :13] - full[:, :13])  # left of the middle square
    inside = np.abs(frames[:, :, 25:65] - full[:, 25:65])
    assert beside.mean() < 10 < inside.mean()


def test_a_finder_finds_who_is_meant_in_source_and_driver(run, folder, tmp_path):
    model = write_small_yunet(tmp_path / "small.onnx")
    left, right = Person(8, 8), Person(28, 10)
    full = draw(320, 192, [left, right])
    write_image(folder / "two.png", full)
    # Beside it lies a landmark file, which does not count.
    (folder / "two.npz").write_bytes(b"no landmarks")
    moving = [[Person(6, 8), Person(24 + n // 2, 10, large=True)] for n in range(5)]
    frames = [draw(320, 192, people) for people in moving]
    write_people(folder / "two.mp4", frames)
    status, captured = run(
        f"--finder yunet --finder-model {model} --source-face 0 --driving-face largest "
        "--crop moving --paste-back --report report.json",
        source="two.png",
        driving="two.mp4",
    )
    assert status == 0, captured.err
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["frames_without_face"] == 0
    assert report["finder"]["name"] == "yunet"
    assert report["finder"]["model_sha256"] == (
        hashlib.sha256(model.read_bytes()).hexdigest()
    )
    made = frames_of("out.mp4").astype(int)
    assert made.shape == (5, *full.shape)
    changed = np.abs(made - full).mean(axis=(0, 3))
    x, y = left.centre.astype(int)
    assert changed[y - 10 : y + 10, x - 10 : x + 10].mean() > 20
    # The other person and all around the first one are as they were, but for the codec.
    assert changed[:, 130:].mean() < 4 and changed[125:].mean() < 4


def test_a_part_of_the_clip_with_its_sound(run, folder):
    status, _ = run("--start 0.2 --end 0.5")
    assert status == 0
    info = probe("out.mp4")
    assert info.frames == 9 and info.has_audio
    assert info.duration == pytest.approx(0.3, abs=0.01)


def test_several_sources_and_the_best_of_a_clip(run, folder):
    status, captured = run(
        "--source-frames 0 -1", source="me.png drive.mp4", driving="drive.mp4"
    )
    assert status == 0
    names = [str(folder / "me.png"), *(f"{folder}/drive.mp4#{n}" for n in (0, 20))]
    assert f"sources: {', '.join(names)}" in captured.out
    status, captured = run("--pick-sources 3", source="drive.mp4")
    assert status == 0
    assert captured.out.count("drive.mp4#") == 3


def test_picked_sources_spread(folder, model):
    candidates = read_sources([folder / "drive.mp4"], IMAGE_SIZE, frames=None)
    assert len(candidates.faces) == FRAMES
    picked = pick_sources(model, candidates, 4)
    numbers = [face.frame for face in picked.faces]
    assert len(set(numbers)) == 4
    np.testing.assert_array_equal(
        picked.images[1], candidates.images[candidates.names.index(picked.names[1])]
    )
    with pytest.raises(ValueError, match="clip's 21 frames expected, got 22"):
        pick_sources(model, candidates, 22)


@pytest.mark.parametrize("kind", ["grey", "alpha"])
def test_grey_and_alpha_pictures(run, folder, kind):
    picture = moving_frames(1, 48, 48, seed=3)[0]
    alpha = np.concatenate([picture, picture[..., :1]], -1)
    cv2.imwrite(
        str(folder / f"{kind}.png"), picture[..., 0] if kind == "grey" else alpha
    )
    status, captured = run(source=f"{kind}.png")
    assert status == 0, captured.err
    assert probe("out.mp4").frames == FRAMES


def test_rotated_clip_without_sound_and_clip_of_one_frame(run, folder):
    frames = moving_frames(5, 48, 64)
    write_stream(folder / "rotated.mp4", frames, rotation=90)
    status, captured = run("--side-by-side --crop whole", driving="rotated.mp4")
    assert status == 0, captured.err
    info = probe("out.mp4")
    assert info.frames == 5 and not info.has_audio
    with VideoReader(folder / "rotated.mp4") as reader:
        upright = reader.read([0])[0]
    assert upright.shape[:2] == (64, 48)
    shown = frames_of("out.mp4")[0, :, :32].astype(int)
    assert np.abs(shown - cv2.resize(upright, (32, 32))).mean() < 16
    write_stream(folder / "single.mp4", frames[:1])
    status, captured = run(driving="single.mp4")
    assert status == 0, captured.err
    assert probe("out.mp4").frames == 1


@pytest.fixture(scope="module")
def landmark_folder(folder):
    """Landmarks beside the picture and the clip, and a model that needs them."""
    copy = folder / "landmarks"
    copy.mkdir()
    for name in ("me.png", "drive.mp4"):
        (copy / name).write_bytes((folder / name).read_bytes())
    save_landmarks(copy / "me.npz", face_landmarks(1, 48, 48), np.arange(1), (48, 48))
    points = face_landmarks(FRAMES, 64, 48)
    known = np.setdiff1d(np.arange(FRAMES), range(5, 16))  # too long to interpolate
    save_landmarks(copy / "drive.npz", points[known], known, (64, 48))
    save_checkpoint(copy / "run", build_model("landmarks"))
    return copy


def test_landmarks_beside_the_files_crop_and_drive(run, landmark_folder):
    extra = f"--checkpoint {landmark_folder}/run --initial-frame best"
    status, captured = run(
        extra, source="landmarks/me.png", driving="landmarks/drive.mp4"
    )
    assert status == 0, captured.err
    assert "driving frames without a face: 11" in captured.out
    assert probe("out.mp4").frames == FRAMES


def test_a_model_of_landmarks_says_which_file_lacks_them(
    run, landmark_folder, tmp_path
):
    extra = f"--checkpoint {landmark_folder}/run"
    status, captured = run(extra, source="landmarks/me.png")
    assert status == 2
    assert "drive.mp4: this model takes its keypoints from landmarks" in captured.err
    status, captured = run(extra, driving="landmarks/drive.mp4")
    assert status == 2
    assert "me.png: this model takes its keypoints from landmarks" in captured.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "gone.png"}, "gone.png: no such image file"),
        ({"source": "gone.mp4"}, "gone.mp4: no such video file"),
        ({"driving": "gone.mp4"}, "gone.mp4: no such video file"),
        ({"driving": "text.mp4"}, "text.mp4: not a readable video"),
        ({"source": "text.mp4"}, "text.mp4: not a readable video"),
        ({"driving": "broken.mp4"}, "broken.mp4: frame"),
        ({"out": "out.txt"}, "out.txt: expected a name ending in .mp4"),
        ({"out": "nowhere/out.mp4"}, "the folder nowhere does not exist"),
        ({"extra": "--report ."}, "--report .: expected a file to write, got a folder"),
        ({"extra": "--checkpoint gone"}, "gone: "),
        ({"extra": "--step 7"}, "7"),
        ({"extra": "--initial-frame 21"}, "within the 21 driving frames expected"),
        ({"extra": "--pose-strength -1"}, "pose_strength: a number >= 0 expected"),
        ({"extra": "--smoothing 2"}, "smoothing strength: 0 to 1 expected, got 2.0"),
        ({"extra": "--crop face"}, "crop 'face' needs a landmark file"),
        ({"extra": "--start 3"}, "drive.mp4: a part of the clip's 0.70 s expected"),
        ({"extra": "--driving-landmarks no.npz"}, "no.npz: no such landmark file"),
        ({"extra": "--source-landmarks a.npz b.npz"}, "one file for each of 1 sources"),
        ({"extra": "--source-frames 30", "source": "drive.mp4"}, "source frame 30"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    run, folder, tmp_path, arguments, message
):
    (folder / "text.mp4").write_text("no video")
    whole = bytearray((folder / "drive.mp4").read_bytes())
    data = whole.index(b"mdat") + 600
    whole[data : data + 400] = bytes(400)
    (folder / "broken.mp4").write_bytes(whole)
    status, captured = run(**arguments)
    assert status == 2
    line = captured.err.splitlines()[-1]
    assert line.startswith("face-jax reenact: error: ") and message in line
    assert "Traceback" not in captured.err
    assert list(tmp_path.iterdir()) == []


def test_the_driver_is_not_overwritten(run, folder):
    before = (folder / "drive.mp4").read_bytes()
    status, captured = run(out=str(folder / "drive.mp4"))
    assert status == 2 and "would overwrite its own input" in captured.err
    assert (folder / "drive.mp4").read_bytes() == before


def test_an_error_on_the_way_keeps_the_old_result(run, folder, tmp_path, monkeypatch):
    (tmp_path / "out.mp4").write_bytes(b"old")

    def fail(self, frame):
        if self.frames_written == 9:
            raise ValueError("disk full")
        return write(self, frame)

    write = VideoWriter.write
    monkeypatch.setattr(VideoWriter, "write", fail)
    status, captured = run()
    assert status == 2 and "disk full" in captured.err
    assert (tmp_path / "out.mp4").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def peak_memory(model, folder, num_frames):
    """Peak of Python's and numpy's memory in MiB, and the process's in MiB."""
    path = folder / f"long{num_frames}.mp4"
    with VideoWriter(path, fps=25, preset="ultrafast") as writer:
        for number in range(num_frames):
            frame = moving_frames(1, 64, 64)[0]
            writer.write(np.roll(frame, number, axis=1))
    sources = read_sources([folder / "me.png"], IMAGE_SIZE)
    options = MotionOptions(relative=True)
    tracemalloc.start()
    reenact_video(
        model,
        sources,
        open_driver(path),
        Output(folder / "long_out.mp4", size=64),
        options,
        initial="best",
        smoothing=0.5,
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    process = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return peak / 2**20, process


@pytest.mark.slow
def test_memory_does_not_grow_with_the_clip(model, folder):
    # Frames of the clip would be 12 kB each, those of the result too: 2,000 frames
    # would add 42 MiB if they were kept.
    peak_memory(model, folder, 200)  # what is compiled stays
    short, process_before = peak_memory(model, folder, 200)
    long, process_after = peak_memory(model, folder, 2000)
    assert long - short < 4
    assert process_after - process_before < 20


def test_report_and_driver_are_plain_data(folder):
    driver = open_driver(folder / "drive.mp4")
    assert dataclasses.asdict(driver)["stop"] == len(driver) == FRAMES
