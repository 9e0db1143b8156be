"""The command that finds heads: what it writes, and what it says of wrong input."""

import dataclasses
import functools
import json
import resource
import shlex
import tracemalloc

import cv2
import numpy as np
import pytest

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.transforms.smirk_geometry import move_points
from data_pipelines.video import (
    VideoWriter,
    iterate_frames,
    probe,
    read_image,
    write_image,
)
from face_jax.cli import head_files
from face_jax.cli.__main__ import main
from face_jax.cli.face_squares import CropRule
from face_jax.cli.footage import Input, open_footage
from face_jax.cli.head_files import Look, panels
from face_jax.cli.head_frames import Finder, HeadFrame
from face_jax.cli.reconstruct_run import Run
from face_jax.cli.results import Results
from face_jax.geometry.cameras import project_weak_perspective, projected_to_pixels
from face_jax.smirk import model as models
from tests.cli.clips import face_landmarks, write_clip_with_sound
from tests.cli.odd_clips import Person, draw, write_people
from tests.cli.test_landmark_errors import NOWHERE
from tests.data_pipelines.landmarks.small_yunet import write_small_yunet
from tests.data_pipelines.video.clips import audio_packets
from tests.fsrt.tiny_model import moving_frames
from tests.smirk.small_model import save_checkpoint, small_model
from tests.smirk.small_task import SIDE, write_head

CHUNK, RATE = 4, 30
FRAMES, KNOWN = 10, 7  # not multiples of the chunk; the last frames show no face
NAMES = ("smile", "frown", "blink", "open", "pucker", *map(str, range(95)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint, a picture and a clip with sound, and their landmarks."""
    folder = tmp_path_factory.mktemp("reconstruct")
    head = write_head(folder, expression_names=NAMES)
    save_checkpoint(folder / "run", head)
    items = {"smirk_item": {"plain_scale": 1.25}}
    save_checkpoint(folder / "near", head, data=items)
    write_image(folder / "me.png", moving_frames(1, 48, 64, seed=1)[0])
    save_landmarks(folder / "me.npz", face_landmarks(1), np.arange(1), (64, 48))
    write_clip_with_sound(folder / "talk.mp4", moving_frames(FRAMES, 48, 64), RATE)
    points, numbers = face_landmarks(KNOWN), np.arange(KNOWN)
    save_landmarks(folder / "talk.npz", points, numbers, (64, 48))
    return folder


@pytest.fixture
def run(folder, tmp_path, monkeypatch, capsys):
    """Runs the command with the usual settings, in a fresh folder for its output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "load", load_once)

    def call(inputs="me.png", extra="", checkpoint="run"):
        paths = [str(folder / name) for name in inputs.split()]
        fixed = f"--out out --chunk {CHUNK} --size {SIDE}"
        where = ["--checkpoint", str(folder / checkpoint)]
        status = main(["reconstruct", *paths, *where, *shlex.split(f"{fixed} {extra}")])
        return status, capsys.readouterr()

    return call


load_once = functools.cache(models.load)


def arrays(name):
    with np.load(f"out/{name}/parameters.npz") as file:
        return dict(file)


def report():
    with open("out/report.json") as file:
        return json.load(file)


def written(folder="out"):
    return sorted(path.name for path in folder.iterdir())


def test_a_picture_gives_numbers_mesh_and_pictures(run, folder, tmp_path):
    status, captured = run()
    assert status == 0, captured.err
    files = ["mesh.obj", "overlay.png", "parameters.json", "parameters.npz"]
    files += ["side_by_side.png", "weights.json"]
    assert written(tmp_path / "out" / "me") == files
    assert written(tmp_path / "out") == ["me", "report.json"]
    found = arrays("me")
    described = json.loads((tmp_path / "out/me/parameters.json").read_text())
    assert found["valid"].tolist() == [True]
    for name, entry in described["arrays"].items():
        np.testing.assert_allclose(found[name][0], entry["values"], rtol=1e-6)
        assert entry["unit"] and entry["meaning"]
        assert list(found[name].shape[1:]) == entry["shape"]
    weights = json.loads((tmp_path / "out/me/weights.json").read_text())
    assert list(weights)[:5] == list(NAMES[:5])
    np.testing.assert_allclose(weights["open"], found["expression_params"][0, 3])
    assert {"eyelid_left", "jaw_x"} < set(weights)
    before, after = read_image(folder / "me.png"), read_image("out/me/overlay.png")
    changed = np.abs(before.astype(int) - after).max(axis=-1) > 3
    assert 0.02 < changed.mean() < 0.5 and before.shape == after.shape
    sheet = read_image("out/me/side_by_side.png")
    assert sheet.shape[1] > 4 * SIDE


def test_cameras_draw_the_mesh_where_the_landmarks_are(run, tmp_path):
    assert run()[0] == 0
    found = {name: rows[0] for name, rows in arrays("me").items() if rows.ndim}
    text = (tmp_path / "out/me/mesh.obj").read_text().splitlines()
    lines = [line.split()[1:4] for line in text if line.startswith("v ")]
    vertices = np.array(lines, np.float32)
    whole, crop = (
        np.asarray(
            projected_to_pixels(project_weak_perspective(vertices, camera), size)
        )
        for camera, size in (
            (found["camera"], (48, 64)),
            (found["crop_camera"], (SIDE, SIDE)),
        )
    )
    moved = move_points(whole, found["crop_matrix"])
    np.testing.assert_allclose(moved, crop, atol=1e-2)
    # Landmarks lie on the surface, within the outline of the vertices.
    for name in ("landmarks_68", "landmarks_105"):
        assert (found[name] >= whole.min(axis=0) - 1e-2).all()
        assert (found[name] <= whole.max(axis=0) + 1e-2).all()


def test_a_clip_keeps_frame_rate_and_sound_and_says_where_there_is_no_face(
    run, folder, tmp_path
):
    status, captured = run("talk.mp4", "--mesh obj")
    assert status == 0, captured.err
    for name, width in (("overlay", 64), ("side_by_side", 4 * SIDE)):
        info = probe(f"out/talk/{name}.mp4")
        assert (info.frames, info.fps, info.width) == (FRAMES, RATE, width)
        _, packets, _ = audio_packets(f"out/talk/{name}.mp4")
        _, original, _ = audio_packets(folder / "talk.mp4")
        assert packets and packets == original[: len(packets)]
    found = arrays("talk")
    assert found["valid"].tolist() == [True] * KNOWN + [False] * (FRAMES - KNOWN)
    for name in ("camera", "crop_camera", "expression_params", "landmarks_105"):
        known = np.isfinite(found[name]).reshape(FRAMES, -1)
        assert known[:KNOWN].all() and not known[KNOWN:].any()
    names = [f"mesh_{number:04d}.obj" for number in range(KNOWN)]
    assert written(tmp_path / "out/talk/meshes") == names
    rows = (tmp_path / "out/talk/weights.csv").read_text().splitlines()
    assert rows[0].startswith("frame,seconds,smile,") and len(rows) == 1 + FRAMES
    assert rows[1].split(",")[1:3] == [
        "0.0000",
        f"{found['expression_params'][0, 0]:.5f}",
    ]
    assert set(rows[-1].split(",")[2:]) == {""}
    (entry,) = report()["results"]
    assert (entry["frames"], entry["frames_with_face"]) == (FRAMES, KNOWN)
    assert entry["jitter_before"] == entry["jitter_after"] > 0
    assert f"talk: {KNOWN}/{FRAMES} frames" in captured.out
    assert f"{FRAMES}/{FRAMES} frames" in captured.err
    # Without a face the frame is shown as it is.
    plain = np.stack(list(iterate_frames(folder / "talk.mp4"))).astype(int)
    shown = np.stack(list(iterate_frames("out/talk/overlay.mp4")))
    error = np.abs(plain - shown).mean(axis=(1, 2, 3))
    assert error[KNOWN:].max() < error[:KNOWN].min()


def test_a_finder_finds_who_is_meant_and_what_is_made_is_pasted_back(run, folder):
    model = write_small_yunet(folder / "small.onnx")
    left, right = Person(8, 8), Person(28, 10)
    write_image(folder / "two.png", draw(320, 192, [left, right]))
    here = [[left, right], [left], [left, right], [left, right]]
    write_people(folder / "two.mp4", [draw(320, 192, people) for people in here])
    finder = f"--finder yunet --finder-model {model} --face 1 --crop frame"
    status, captured = run("two.png two.mp4", f"{finder} --paste-back")
    assert status == 0, captured.err
    assert report()["finder"]["name"] == "yunet" and report()["face"] == 1
    for entry in report()["results"]:
        assert entry["crop"] == "boxes"
        assert entry["frames"] == entry["frames_with_face"]  # a short gap is filled
    matrix = arrays("two.png")["crop_matrix"][0]
    np.testing.assert_allclose(
        move_points(right.centre - 0.5, matrix), [(SIDE - 1) / 2] * 2, atol=0.5
    )
    before = read_image(folder / "two.png").astype(int)
    after = read_image("out/two.png/pasted.png")
    changed = np.abs(after - before).max(axis=-1) > 3
    x, y = right.centre.astype(int)
    assert changed[y - 10 : y + 10, x - 10 : x + 10].mean() > 0.9
    reach = np.array(1.5 * np.ptp(right.box.reshape(2, 2), axis=0).max() / 2, int)
    assert not changed[:, : x - reach].any() and not changed[: y - reach].any()
    assert probe("out/two.mp4/pasted.mp4").frames == len(here)


def test_smoothing_calms_a_clip(run):
    assert run("talk.mp4", "--smoothing 0.7")[0] == 0
    (entry,) = report()["results"]
    assert 0 < entry["jitter_after"] < 0.6 * entry["jitter_before"]


def test_folders_are_searched_and_what_cannot_be_used_is_left_out(
    run, folder, tmp_path
):
    photos = tmp_path / "photos"
    (photos / "more").mkdir(parents=True)
    picture = moving_frames(1, 40, 40)[0]
    alpha = np.concatenate([picture, picture[..., :1]], -1)
    cv2.imwrite(str(photos / "a.png"), picture[..., 0])
    cv2.imwrite(str(photos / "a.webp"), alpha)
    write_image(photos / "more/b.png", picture)
    unknown = np.full((1, 68, 2), np.nan, np.float32)
    np.save(photos / "more/b.npy", unknown)
    (photos / "text.jpg").write_text("no picture")
    frame = moving_frames(1, 40, 40)
    with VideoWriter(photos / "one.mp4", fps=25) as writer:
        writer.write(frame[0])
    status, captured = run(str(photos))
    assert status == 0, captured.err
    names = ["a.png", "a.webp", "one", "report.json"]
    assert written(tmp_path / "out") == names
    assert probe("out/one/overlay.mp4").frames == 1
    assert [entry["name"] for entry in report()["results"]] == names[:3]
    reasons = {entry["input"]: entry["reason"] for entry in report()["left_out"]}
    assert set(reasons) == {str(photos / "more/b.png"), str(photos / "text.jpg")}
    assert "no face was found" in reasons[str(photos / "more/b.png")]


@pytest.mark.parametrize(
    ("extra", "square"),
    [
        ("--box 8,4,32,24", [8, 0, 40, 32]),
        ("--box -8,4,16,16", [-8, 4, 8, 20]),
        ("--crop whole", [0, -8, 64, 56]),
        ("--crop centre", [8, 0, 56, 48]),
    ],
)
def test_squares_without_landmarks(folder, extra, square):
    flag, value = extra.split()
    rule = (
        CropRule(box=tuple(map(float, value.split(","))))
        if flag == "--box"
        else CropRule(value)
    )
    footage = open_footage(Input(folder / "me.png", None, "me", False), rule)
    # Squares reach from the centre of their first pixel to that of their last one.
    np.testing.assert_allclose(footage.squares[0], np.subtract(square, [0, 0, 1, 1]))


def test_crops_are_as_close_as_the_run_or_the_flag_says(run):
    scales = []
    for checkpoint, flag in (("run", ""), ("near", ""), ("near", "--crop-scale 1.5")):
        assert run("me.png", flag, checkpoint)[0] == 0
        scales.append(report()["crop_scale"])
    assert scales == [1.4, 1.25, 1.5]


def test_crops_follow_the_face_smoothly_or_frame_by_frame(folder):
    given = Input(folder / "talk.mp4", folder / "talk.npz", "talk", False)
    smooth, single = (open_footage(given, CropRule(crop)) for crop in ("face", "frame"))

    def trembling(footage):
        return np.abs(np.diff(footage.squares[:KNOWN], n=2, axis=0)).mean()

    assert trembling(smooth) < trembling(single) / 2
    sides = np.diff(single.squares.reshape(-1, 2, 2), axis=1)
    np.testing.assert_allclose(sides[..., 0], sides[..., 1])
    assert single.valid.sum() == KNOWN


def test_landmarks_of_a_folder_and_of_files(run, folder, tmp_path):
    (tmp_path / "points").mkdir()
    save_landmarks(
        tmp_path / "points/me.npz", face_landmarks(1) - 6, np.arange(1), (64, 48)
    )
    assert run()[0] == 0
    beside = arrays("me")["crop_matrix"]
    assert run(extra="--landmarks points")[0] == 0
    np.testing.assert_array_equal(
        arrays("me")["crop_matrix"][0, :2, 2] > beside[0, :2, 2], True
    )
    assert run(extra=f"--landmarks {folder / 'me.npz'}")[0] == 0
    np.testing.assert_array_equal(arrays("me")["crop_matrix"], beside)


def test_a_clip_as_one_animated_mesh(run, tmp_path):
    assert run("talk.mp4", "--mesh glb")[0] == 0
    data = (tmp_path / "out/talk/mesh.glb").read_bytes()
    assert data[:4] == b"glTF" and data.count(b"frame_0009") == 1
    assert not (tmp_path / "out/talk/meshes").exists()


def test_an_animated_mesh_rests_where_there_is_no_face(run, folder, monkeypatch):
    points, numbers = face_landmarks(3), np.arange(3, 6)
    save_landmarks(folder / "late.npz", points, numbers, (64, 48))
    shown = []
    monkeypatch.setattr(
        head_files,
        "save_sequence",
        lambda path, surface, frames, rate: shown.append(frames),
    )
    assert run("talk.mp4", f"--mesh glb --landmarks {folder / 'late.npz'}")[0] == 0
    (frames,) = shown
    assert len(frames) == FRAMES
    for number, same in ((0, 3), (2, 3), (6, 5), (9, 5)):
        np.testing.assert_array_equal(frames[number], frames[same])
    assert not np.array_equal(frames[3], frames[5])


def test_without_generator_there_are_three_pictures(folder):
    given = Input(folder / "me.png", folder / "me.npz", "me", False)
    footage = open_footage(given, CropRule())
    frames = [HeadFrame(footage, 0, picture) for picture in footage.frames()]
    (found,) = Finder(load_once(folder / "run", None), SIDE, CHUNK).find(frames)
    assert [panel.shape for panel in panels(found, 0, 0.5)] == [(SIDE, SIDE, 3)] * 4
    without = dataclasses.replace(found, made=None)
    assert len(panels(without, 0, 0.5)) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": "no.png"}, "no.png: no such picture, clip or folder"),
        ({"inputs": "text.jpg"}, "text.jpg: expected an image, found 10 bytes"),
        ({"inputs": "empty"}, "empty: expected pictures or clips"),
        ({"checkpoint": "nowhere"}, "nowhere"),
        ({"checkpoint": "other"}, "a checkpoint of smirk expected, got 'fsrt'"),
        ({"checkpoint": "me.npz"}, "published weights need --head"),
        ({"extra": "--head x.npz"}, "--head belongs to a file of published weights"),
        ({"extra": "--box 70,0,9,9"}, "lies outside of the picture of 64 x 48 pixels"),
        ({"extra": "--box 7,0,9,0"}, "--box: expected more than 1 x 1 pixels"),
        ({"extra": "--landmarks a.npz b.npz"}, "one file for each of 1 pictures"),
        ({"extra": "--landmarks no.npz"}, "--landmarks: no.npz: no such file"),
        ({"extra": "--landmarks {}/talk.npz"}, "expected frames 0 to 0, found 0 to 6"),
        ({"inputs": "alone.png", "extra": "--crop face"}, "needs a landmark file"),
        ({"extra": "--smoothing 2"}, "--smoothing: expected 0 to 1, got 2.0"),
        ({"extra": "--opacity 7"}, "--opacity: expected 0 to 1"),
        ({"inputs": "me.png me.png"}, "me.png: its results would be called as those"),
        ({"inputs": "lost.mp4"}, "lost.mp4: no face was found in any of 2 frames"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    run, folder, tmp_path, arguments, message
):
    (folder / "text.jpg").write_text("no picture")
    (folder / "empty").mkdir(exist_ok=True)
    write_image(folder / "alone.png", moving_frames(1, 48, 64)[0])
    if not (folder / "other").exists():
        save_checkpoint(folder / "other", str(folder / "head.npz"), system="fsrt")
    with VideoWriter(folder / "lost.mp4", fps=25) as writer:
        for frame in moving_frames(2, 48, 64):
            writer.write(frame)
    np.save(folder / "lost.npy", np.zeros((2, 68, 2), np.float32))
    arguments["extra"] = arguments.get("extra", "").format(folder)
    status, captured = run(**arguments)
    assert status == 2
    line = captured.err.splitlines()[-1]
    assert line.startswith("face-jax reconstruct: error: ") and message in line
    assert "Traceback" not in captured.err
    assert list(tmp_path.iterdir()) == []


def test_a_box_that_is_none_is_refused(run, capsys):
    with pytest.raises(SystemExit):
        run(extra="--box 1,2,3")
    assert "four numbers X,Y,W,H expected" in capsys.readouterr().err


def test_long_clips_are_no_single_mesh(run, monkeypatch):
    monkeypatch.setattr("face_jax.cli.reconstruct_run.LONGEST_GLB", 9)
    status, captured = run("talk.mp4", "--mesh glb")
    assert status == 2 and "takes clips of up to 9 frames, got 10" in captured.err


def test_an_error_on_the_way_keeps_the_old_result(run, tmp_path, monkeypatch):
    (tmp_path / "out/talk").mkdir(parents=True)
    (tmp_path / "out/talk/overlay.mp4").write_bytes(b"old")

    def fail(self, frame):
        if self.frames_written == 5:
            raise ValueError("disk full")
        return write(self, frame)

    write = VideoWriter.write
    monkeypatch.setattr(VideoWriter, "write", fail)
    status, captured = run("talk.mp4")
    assert status == 2 and "disk full" in captured.err
    assert (tmp_path / "out/talk/overlay.mp4").read_bytes() == b"old"
    assert written(tmp_path / "out") == ["talk"]
    assert written(tmp_path / "out/talk") == ["overlay.mp4"]


def test_frames_that_cannot_be_decoded_are_reported(run, folder, tmp_path):
    frames = moving_frames(40, 48, 64)
    with VideoWriter(folder / "whole.mp4", fps=25) as writer:
        for frame in frames:
            writer.write(frame)
    data = bytearray((folder / "whole.mp4").read_bytes())
    start = data.index(b"mdat") + 1500
    data[start : start + 600] = bytes(600)
    (folder / "damaged.mp4").write_bytes(data)
    status, captured = run("damaged.mp4")
    assert status == 0, captured.err
    (entry,) = report()["results"]
    assert entry["frames"] == 40 and entry["frames_unreadable"] > 0
    missing = entry["frames"] - entry["frames_with_face"]
    assert missing == entry["frames_unreadable"]
    assert (~arrays("damaged")["valid"]).sum() == missing
    assert probe("out/damaged/overlay.mp4").frames == 40


def peak_memory(model, folder, num_frames):
    """Peak of Python's and numpy's memory in MiB, and the process's in MiB."""
    path = folder / f"long{num_frames}.mp4"
    with VideoWriter(path, fps=25, preset="ultrafast") as writer:
        frame = moving_frames(1, 64, 64)[0]
        for number in range(num_frames):
            writer.write(np.roll(frame, number, axis=1))
    tracemalloc.start()
    run = Run(Finder(model, SIDE, 16), folder / "long", Look("none", 1.0), NOWHERE, 0.5)
    results = Results()
    given = Input(path, None, "long", False)
    run.clip("long", open_footage(given, CropRule()), results)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert results.frames == num_frames
    process = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return peak / 2**20, process


@pytest.mark.slow
def test_memory_does_not_grow_with_the_clip(folder):
    # Frames of the clip and of both videos would be 64 kB each, 115 MiB together; the
    # numbers of a frame are 1.7 kB and are copied once or twice while they are stored.
    model = small_model(str(folder / "head.npz"))
    peak_memory(model, folder, 200)  # what is compiled stays
    short, process_before = peak_memory(model, folder, 200)
    long, process_after = peak_memory(model, folder, 2000)
    assert long - short < 12
    assert process_after - process_before < 40
