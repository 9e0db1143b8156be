"""The command that recognises expressions: what it writes, and says of wrong input."""

import csv
import json
import shlex

import cv2
import numpy as np
import pytest

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.landmarks.outlines import face_outline
from data_pipelines.transforms.latent_ofer_item import FACE_SCALE, latent_ofer_item
from data_pipelines.video import (
    VideoWriter,
    iterate_frames,
    probe,
    read_image,
    write_image,
)
from face_jax.cli import recognize
from face_jax.cli.__main__ import main
from face_jax.cli.expression_frames import FaceFrame
from face_jax.cli.face_squares import CropRule
from face_jax.cli.footage import Input, open_footage
from face_jax.latent_ofer import model as models
from tests.cli.clips import face_landmarks, write_clip_with_sound
from tests.cli.odd_clips import Person, draw, write_people
from tests.data_pipelines.landmarks.small_yunet import write_small_yunet
from tests.data_pipelines.video.clips import audio_packets
from tests.fsrt.tiny_model import moving_frames
from tests.latent_ofer.small_pipeline import save_pipeline, small_model
from tests.latent_ofer.small_tasks import GRID, SIDE

BATCH, RATE = 2, 25
FRAMES, KNOWN = 5, 3  # not multiples of the batch; the last frames show no face
WIDTH, HEIGHT = 64, 48
EDGES = ("left", "top", "right", "bottom")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A picture and a clip with sound, their landmarks, and folders of other models."""
    folder = tmp_path_factory.mktemp("recognize")
    size = (WIDTH, HEIGHT)
    write_image(folder / "me.png", moving_frames(1, HEIGHT, WIDTH, seed=1)[0])
    save_landmarks(folder / "me.npz", face_landmarks(1), np.arange(1), size)
    frames = moving_frames(FRAMES, HEIGHT, WIDTH)
    write_clip_with_sound(folder / "talk.mp4", frames, RATE)
    save_landmarks(folder / "talk.npz", face_landmarks(KNOWN), np.arange(KNOWN), size)
    (folder / "smirk/checkpoints/3").mkdir(parents=True)
    return folder


@pytest.fixture
def run(folder, tmp_path, monkeypatch, capsys):
    """Runs the command with the usual settings, in a fresh folder for its output."""
    monkeypatch.chdir(tmp_path)
    real = models.load

    def load(path, method):
        return small_model() if path.name == "run" else real(path, method)

    monkeypatch.setattr(models, "load", load)

    def call(inputs="me.png", extra="", checkpoint="run"):
        paths = [str(folder / name) for name in inputs.split()]
        fixed = f"--out out --batch {BATCH}"
        where = ["--checkpoint", str(folder / checkpoint)]
        status = main(["recognize", *paths, *where, *shlex.split(f"{fixed} {extra}")])
        return status, capsys.readouterr()

    return call


def tables():
    """Rows of the comma-separated table, and the document."""
    with open("out/expressions.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with open("out/expressions.json", encoding="utf-8") as file:
        return rows, json.load(file)


def written(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_picture_gives_a_row_and_an_overlay(run, folder, tmp_path):
    status, captured = run(extra="--patches")
    assert status == 0, captured.err
    assert written(tmp_path / "out") == ["expressions.csv", "expressions.json", "me"]
    assert written(tmp_path / "out/me") == ["overlay.png", "patches.npz"]
    (row,), document = tables()
    (record,) = document["rows"]
    classes = small_model().classes
    assert document["classes"] == list(classes) == list(row)[5:-5]
    found = [float(row[name]) for name in classes]
    assert sum(found) == pytest.approx(1, abs=1e-3)
    assert row["expression"] == record["expression"] == classes[np.argmax(found)]
    assert record["probabilities"] == dict(zip(classes, found, strict=True))
    assert (row["input"], row["face"]) == (str(folder / "me.png"), "true")
    assert row["frame"] == row["seconds"] == "" and record["frame"] is None
    assert [float(row[edge]) for edge in EDGES] == record["square"]
    with np.load("out/me/patches.npz") as stored:
        assert stored["scores"].shape == (1, GRID, GRID)
        share = (stored["scores"] > 1).mean()
        np.testing.assert_allclose(stored["squares"][0], record["square"], atol=0.006)
    assert float(row["covered"]) == record["covered"] == pytest.approx(share)
    (entry,) = document["inputs"]
    assert entry["expression"] == row["expression"] and entry["frames_with_face"] == 1
    assert f"me: 1/1 frames, {row['expression']} " in captured.out


def test_the_overlay_shows_what_is_covered_and_what_lies_behind(run, folder):
    assert run()[0] == 0
    before = read_image(folder / "me.png").astype(int)
    both = read_image("out/me/overlay.png").astype(int)
    assert both.shape == (HEIGHT, 2 * WIDTH, 3)
    (row,), _ = tables()
    changed = [
        np.abs(half - before).max(axis=-1) > 3
        for half in (both[:, :WIDTH], both[:, WIDTH:])
    ]
    left, top, right, bottom = (round(float(row[edge])) for edge in EDGES)
    assert 0 < float(row["covered"]) < 1 and changed[0].any() and changed[1].any()
    # What lies behind is shown in the square alone, and not everywhere in it.
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[max(top, 0) : bottom, max(left, 0) : right] = True
    assert not changed[1][~inside].any() and not changed[1][inside].all()


def test_a_clip_keeps_frame_rate_and_sound_and_says_where_there_is_no_face(
    run, folder, tmp_path
):
    status, captured = run("talk.mp4", "--patches --smoothing 0.5")
    assert status == 0, captured.err
    info = probe("out/talk/overlay.mp4")
    assert (info.frames, info.fps, info.width) == (FRAMES, RATE, 2 * WIDTH)
    _, packets, _ = audio_packets("out/talk/overlay.mp4")
    _, original, _ = audio_packets(folder / "talk.mp4")
    assert packets and packets == original[: len(packets)]
    rows, document = tables()
    assert [row["frame"] for row in rows] == [str(n) for n in range(FRAMES)]
    assert [float(row["seconds"]) for row in rows] == [n / RATE for n in range(FRAMES)]
    faces = ["true"] * KNOWN + ["false"] * (FRAMES - KNOWN)
    assert [row["face"] for row in rows] == faces
    assert set(list(rows[-1].values())[4:]) == {""}
    last = document["rows"][-1]
    names = ("expression", "probabilities", "covered", "square")
    assert last["face"] is False and {last[name] for name in names} == {None}
    (entry,) = document["inputs"]
    assert (entry["frames"], entry["frames_with_face"]) == (FRAMES, KNOWN)
    assert entry["frames_unreadable"] == 0 and entry["frame_rate"] == RATE
    with np.load("out/talk/patches.npz") as stored:
        known = np.isfinite(stored["scores"]).all(axis=(1, 2))
        np.testing.assert_array_equal(known, stored["valid"])
    assert f"talk: {KNOWN}/{FRAMES} frames" in captured.out
    assert f"{FRAMES}/{FRAMES} frames" in captured.err
    # Without a face the frame is shown as it is, twice.
    plain = np.stack(list(iterate_frames(folder / "talk.mp4"))).astype(int)
    shown = np.stack(list(iterate_frames("out/talk/overlay.mp4")))
    error = np.abs(np.tile(plain, (1, 1, 2, 1)) - shown).mean(axis=(1, 2, 3))
    assert error[KNOWN:].max() < error[:KNOWN].min()


def test_folders_grey_and_transparent_pictures_and_those_without_a_face(run, tmp_path):
    photos = tmp_path / "photos"
    (photos / "more").mkdir(parents=True)
    picture = moving_frames(1, 40, 41)[0]
    alpha = np.concatenate([picture, picture[..., :1]], -1)
    cv2.imwrite(str(photos / "a.png"), picture[..., 0])
    cv2.imwrite(str(photos / "a.webp"), alpha)
    write_image(photos / "more/b.png", picture)
    np.save(photos / "more/b.npy", np.full((1, 68, 2), np.nan, np.float32))
    (photos / "text.jpg").write_text("no picture")
    status, captured = run(str(photos))
    assert status == 0, captured.err
    names = ["a.png", "a.webp"]
    rows, document = tables()
    assert [row["input"] for row in rows] == [str(photos / name) for name in names]
    square = [0.5, 0.0, 40.5, 40.0]
    assert [record["square"] for record in document["rows"]] == [square] * 2
    assert [entry["name"] for entry in document["inputs"]] == names
    reasons = {entry["input"]: entry["reason"] for entry in document["left_out"]}
    assert set(reasons) == {str(photos / "more/b.png"), str(photos / "text.jpg")}
    assert "no face was found" in reasons[str(photos / "more/b.png")]
    for name in names:
        assert read_image(f"out/{name}/overlay.png").shape == (40, 82, 3)


def test_a_finder_finds_who_is_meant_and_what_lies_behind_is_pasted_back(run, folder):
    model = write_small_yunet(folder / "small.onnx")
    left, right = Person(8, 8), Person(28, 10)
    write_image(folder / "two.png", draw(320, 192, [left, right]))
    write_people(folder / "two.mp4", [draw(320, 192, [left, right])] * 3)
    finder = f"--finder yunet --finder-model {model} --face 0"
    status, captured = run("two.png two.mp4", f"{finder} --paste-back")
    assert status == 0, captured.err
    rows, document = tables()
    assert document["finder"]["name"] == "yunet" and document["face"] == 0
    assert [entry["crop"] for entry in document["inputs"]] == ["boxes"] * 2
    squares = np.array([[float(row[edge]) for edge in EDGES] for row in rows])
    found = squares.reshape(-1, 2, 2).mean(axis=1)
    np.testing.assert_allclose(found, [left.centre] * 4, atol=0.6)
    before = read_image(folder / "two.png").astype(int)
    after = read_image("out/two.png/pasted.png")
    changed = np.abs(after - before).max(axis=-1) > 3
    edges = np.round(squares[0]).astype(int)
    outside = np.ones(changed.shape, bool)
    outside[edges[1] : edges[3], edges[0] : edges[2]] = False
    assert after.shape == before.shape and 0 < float(rows[0]["covered"]) < 1
    assert changed.any() and not changed[outside].any() and not changed[~outside].all()
    assert probe("out/two.mp4/pasted.mp4").frames == 3


def test_the_crop_is_that_of_the_training(folder):
    assert recognize.SCALE == FACE_SCALE
    rule = CropRule("frame", FACE_SCALE, corners="edges")
    given = Input(folder / "me.png", folder / "me.npz", "me", False)
    footage = open_footage(given, rule)
    frame = FaceFrame(footage, 0, footage.still)
    outline = face_outline(face_landmarks(1)[0])
    item = latent_ofer_item(footage.still, outline, size=SIDE)
    np.testing.assert_array_equal(frame.crop(SIDE), item["image"])


@pytest.mark.parametrize(
    ("rule", "square"),
    [
        (CropRule(box=(8, 4, 32, 24), corners="edges"), [8, 0, 40, 32]),
        (CropRule("whole", corners="edges"), [0, -8, 64, 56]),
        (CropRule("centre", corners="edges"), [8, 0, 56, 48]),
    ],
)
def test_squares_without_landmarks_reach_from_edge_to_edge(folder, rule, square):
    footage = open_footage(Input(folder / "me.png", None, "me", False), rule)
    np.testing.assert_allclose(footage.squares[0], square)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": "no.png"}, "no.png: no such picture, clip or folder"),
        ({"inputs": "text.jpg"}, "text.jpg: expected an image, found 10 bytes"),
        ({"checkpoint": "nowhere"}, "nowhere: expected the folder of a pipeline"),
        ({"checkpoint": "smirk"}, "smirk: expected the folder of a pipeline"),
        ({"extra": "--box 70,0,9,9"}, "lies outside of the picture of 64 x 48 pixels"),
        ({"extra": "--landmarks no.npz"}, "--landmarks: no.npz: no such file"),
        ({"inputs": "alone.png", "extra": "--crop face"}, "needs a landmark file"),
        ({"extra": "--smoothing 2"}, "--smoothing: expected 0 to 1, got 2.0"),
        ({"extra": "--batch 0"}, "--batch: expected 1 to 1024, got 0"),
        ({"inputs": "empty"}, "empty: expected pictures or clips"),
        ({"inputs": "useless"}, "nothing to recognise: "),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    run, folder, tmp_path, arguments, message
):
    (folder / "text.jpg").write_text("no picture")
    for name in ("empty", "useless"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "useless/text.jpg").write_text("no picture")
    write_image(folder / "alone.png", moving_frames(1, HEIGHT, WIDTH)[0])
    status, captured = run(**arguments)
    assert status == 2
    line = captured.err.splitlines()[-1]
    assert line.startswith("face-jax recognize: error: ") and message in line
    assert "Traceback" not in captured.err
    assert list(tmp_path.iterdir()) == []


def test_an_error_on_the_way_keeps_the_old_result(run, tmp_path, monkeypatch):
    (tmp_path / "out/talk").mkdir(parents=True)
    old = [tmp_path / "out/talk/overlay.mp4", tmp_path / "out/expressions.csv"]
    for path in old:
        path.write_bytes(b"old")

    def fail(self, frame):
        if self.frames_written == KNOWN:
            raise ValueError("disk full")
        return write(self, frame)

    write = VideoWriter.write
    monkeypatch.setattr(VideoWriter, "write", fail)
    status, captured = run("talk.mp4")
    assert status == 2 and "disk full" in captured.err
    assert [path.read_bytes() for path in old] == [b"old"] * 2
    assert written(tmp_path) == ["out"]
    assert written(tmp_path / "out") == ["expressions.csv", "talk"]
    assert written(tmp_path / "out/talk") == ["overlay.mp4"]


@pytest.mark.slow
def test_a_pipeline_from_its_folder(run, folder):
    save_pipeline(folder / "stages")
    status, captured = run(extra="--detector kernel", checkpoint="stages")
    assert status == 0, captured.err
    (row,), document = tables()
    assert row["face"] == "true" and document["detector"] == "kernel"
