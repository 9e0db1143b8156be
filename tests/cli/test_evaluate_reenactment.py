"""Evaluations that drive faces by clips: what they write, and say of wrong input."""

import csv
import json

import cv2
import jax
import numpy as np
import pytest

from data_pipelines.landmarks.detectors import Face
from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.landmarks.finders import FaceFinder, FinderSettings
from data_pipelines.video import VideoWriter, write_image
from face_jax.cli import driven_run
from face_jax.cli.__main__ import main
from face_jax.cli.clip_faces import find_faces
from face_jax.cli.clip_measures import OTHER_PERSON
from face_jax.cli.judges import inception_judge
from face_jax.fsrt import inference
from face_jax.fsrt.driven_clips import COPY, MODEL
from face_jax.fsrt.driven_features import OF_ALL_CLIPS, TOO_FEW
from face_jax.nn.inception_v3 import InceptionV3
from face_jax.placement import place_everywhere
from face_jax.train.checkpoints import save_variables
from face_jax.train.partitioning import batch_sharding, make_mesh
from tests.cli.clips import face_landmarks
from tests.data_pipelines.prepare.replicas import prepared
from tests.filled import fill
from tests.fsrt.tiny_model import build_model, moving_frames
from tests.smirk.small_model import small_model

COUNT, WIDTH, HEIGHT = 7, 64, 48


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two clips, one of them without landmarks; a broken one, a picture, and a list."""
    folder = tmp_path_factory.mktemp("clips")
    for seed, name in enumerate(("ann", "ben")):
        with VideoWriter(folder / f"{name}.mp4", fps=25) as writer:
            for frame in moving_frames(COUNT, HEIGHT, WIDTH, seed):
                writer.write(frame)
    save_points(folder / "ann.npz", COUNT - 1)
    (folder / "broken.mp4").write_bytes(b"no clip")
    write_image(folder / "me.png", moving_frames(1, HEIGHT, WIDTH, seed=3)[0])
    pairs = [["me.png", "ann.mp4"], ["ben.mp4", "ann.mp4"]]
    content = {
        "self_reenactment": {"clips": ["ann.mp4", "ben.mp4"]},
        "cross_reenactment": {"pairs": pairs},
    }
    (folder / "list.json").write_text(json.dumps(content))
    return folder


class MiddleFaces:
    """Finds a face in the middle of every frame, without landmarks."""

    def detect(self, frames, first=0):
        height, width = frames.shape[1:3]
        box = np.array([0.2 * width, 0.2 * height, 0.8 * width, 0.8 * height])
        return [[Face(box, None, 1.0)] for _ in frames]


def save_points(path, known):
    size = (WIDTH, HEIGHT)
    save_landmarks(path, face_landmarks(known), np.arange(known), size)


@pytest.fixture
def run(folder, tmp_path, monkeypatch, capsys):
    """Runs a task with the tiny model; returns the status and what was printed."""

    def load(path, step, sharding):
        model = build_model()
        variables = place_everywhere(model.variables, sharding)
        return model.replace(variables=variables, rows=sharding)

    monkeypatch.setattr(inference, "load", load)

    def call(task, *flags, data=("list.json",), out="report"):
        given = [str(folder / name) for name in data]
        where = ["--checkpoint", "run", "--out", str(tmp_path / out)]
        return main(["evaluate", task, *where, *flags, "--data", *given])

    return call


def report(tmp_path, out="report"):
    return json.loads((tmp_path / out / "report.json").read_text())


def test_clips_drive_themselves(run, tmp_path, capsys):
    assert run("self-reenactment") == 0
    printed = capsys.readouterr().out
    assert "PSNR" in printed and "copy the source frame" in printed
    found = report(tmp_path)
    assert found["task"] == "self-reenactment" and found["left_out"] == {}
    # The first frame is the source, and the last one of one clip shows no face.
    assert [clip["frames"] for clip in found["clips"]] == [COUNT - 2, COUNT - 1]
    whole = found["clips"][1]["methods"]
    assert whole[COPY]["psnr"] > whole[MODEL]["psnr"] > 0
    assert whole[MODEL]["ms_ssim"] is None and "psnr, mouth" not in whole[MODEL]
    reasons = found["clips"][1]["reasons"][MODEL]
    assert "176" in reasons["ms_ssim"] and reasons["akd"] == "needs a face detector"
    assert "- lpips: needs the weights of LPIPS" in printed
    assert found["overall"][MODEL]["psnr, mouth"]["clips"] == 1
    mean = np.mean([clip["methods"][MODEL]["ssim"] for clip in found["clips"]])
    np.testing.assert_allclose(found["overall"][MODEL]["ssim"]["mean"], mean)
    measured = found["conditions"]
    assert measured["items"] == 2 and "psnr" in measured["metrics"]
    assert measured["data"]["size"] == 32
    assert measured["data"]["finder"]["name"] == "landmarks"


def test_every_frame_has_a_row_and_pictures(run, tmp_path):
    assert run("self-reenactment", "--frames", "3", "--source-frames", "1") == 0
    with (tmp_path / "report" / "frames.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    whole = [row for row in rows if row["region"] == "whole frame"]
    assert {row["method"] for row in whole} == {MODEL, COPY}
    numbers = [int(r["frame"]) for r in whole if r["clip"] == "ben"]
    assert sorted(set(numbers)) == [0, 4]  # of 0, 2 and 4, the second is the source
    text = (tmp_path / "report" / "report.md").read_text()
    for name in ("ann_frames.png", "ben_worst.png"):
        assert f"({name})" in text
        assert cv2.imread(str(tmp_path / "report" / name)) is not None
    for name in ("frames.svg", "histogram.svg"):
        assert b"<svg" in (tmp_path / "report" / name).read_bytes()


@pytest.mark.parametrize("devices", [1, 8])
def test_batch_and_devices_change_nothing(run, tmp_path, monkeypatch, devices):
    numbers = []
    for batch in (1, 4):
        assert run("self-reenactment", "--batch", str(batch), out=f"b{batch}") == 0
        numbers.append(report(tmp_path, f"b{batch}")["clips"])
    mesh = make_mesh(devices=jax.devices()[:devices])
    rows = None if devices == 1 else batch_sharding(mesh)
    monkeypatch.setattr("face_jax.cli.devices.over_all_devices", lambda: rows)
    assert run("self-reenactment", "--batch", "3", out="mesh") == 0
    numbers.append(report(tmp_path, "mesh")["clips"])
    for other in numbers[1:]:
        for one, two in zip(numbers[0], other, strict=True):
            for method, means in one["methods"].items():
                for name, value in means.items():
                    if value is None:
                        assert two["methods"][method][name] is None
                        continue
                    expected = pytest.approx(value, rel=1e-5)
                    assert two["methods"][method][name] == expected, (method, name)


def test_people_are_driven_by_others(run, tmp_path):
    assert run("cross-reenactment") == 0
    found = report(tmp_path)
    names = [clip["name"] for clip in found["clips"]]
    assert names == ["me driven by ann", "ben driven by ann"]
    assert all(v is None for v in found["clips"][0]["methods"][MODEL].values())
    assert found["clips"][0]["reasons"][MODEL]["psnr"] == OTHER_PERSON
    sheet = cv2.imread(str(tmp_path / "report" / "me_driven_by_ann_frames.png"))
    assert sheet is not None
    assert not (tmp_path / "report" / "frames.csv").exists()


def test_every_source_is_driven_by_every_clip(run, folder, tmp_path):
    people = ["--source", str(folder / "me.png"), str(folder / "ben.mp4")]
    data = ("ann.mp4", "ben.mp4")
    assert run("cross-reenactment", *people, "--mode", "absolute", data=data) == 0
    assert len(report(tmp_path)["clips"]) == 4


def test_clips_that_cannot_be_used_are_told(run, tmp_path, capsys):
    assert run("self-reenactment", data=("ann.mp4", "broken.mp4")) == 0
    found = report(tmp_path)
    assert [clip["name"] for clip in found["clips"]] == ["ann"]
    assert "broken.mp4" in found["left_out"]["broken"]
    assert "Left out" in capsys.readouterr().out
    assert run("self-reenactment", data=("broken.mp4",)) == 2
    assert "no clip can be used" in capsys.readouterr().err


def test_prepared_clips_are_taken_as_they_are(run, tmp_path):
    records = prepared(tmp_path, "videos")[0]
    flags = ("--split", "train")
    assert run("self-reenactment", *flags, data=(str(records),)) == 0
    assert report(tmp_path)["clips"][0]["frames"] > 1


@pytest.mark.parametrize(
    ("task", "flags", "data", "message"),
    [
        ("self-reenactment", ["--batch", "0"], ["list.json"], "--batch: expected 1"),
        ("self-reenactment", ["--frames", "1"], ["list.json"], "--frames: expected 2"),
        ("self-reenactment", ["--source-frames", "9"], ["ben.mp4"], "expected 0 to 6"),
        ("self-reenactment", [], ["none.mp4"], "none.mp4"),
        ("self-reenactment", [], ["me.png"], "expected clips"),
        ("cross-reenactment", [], ["ann.mp4"], "--source: expected pictures"),
        ("cross-reenactment", ["--source", "x"], ["list.json"], "expected none"),
        ("cross-reenactment", [], ["bad.json"], "expected a JSON file"),
        ("self-reenactment", ["--finder", "yunet"], ["ben.mp4"], "--finder-model"),
        ("self-reenactment", ["--smirk", "none"], ["ben.mp4"], "none"),
        ("self-reenactment", ["--inception", "none"], ["ben.mp4"], "none"),
    ],
)
def test_wrong_input_is_one_line(run, folder, capsys, task, flags, data, message):
    (folder / "bad.json").write_text("{")
    assert run(task, *flags, data=data) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") <= 3


def test_judges_look_at_results(run, tmp_path, monkeypatch):
    """A finder sees a face in every frame, and a SMIRK model what it does."""
    head = small_model("procedural", generator=False)
    monkeypatch.setattr("face_jax.smirk.model.load", lambda path: head)
    assert run("self-reenactment", "--smirk", "smirk", "--frames", "4") == 0
    known, unknown = report(tmp_path)["clips"]
    # Without a finder heads are looked at where the driver's landmarks are.
    assert known["methods"][MODEL]["aed_exp"] > 0
    assert unknown["reasons"][MODEL]["apd"] == "needs a face detector"
    finder = FaceFinder(MiddleFaces(), FinderSettings())
    monkeypatch.setattr(
        "face_jax.cli.driving_flags.finder_opener", lambda args: lambda choice: finder
    )
    looked = []
    monkeypatch.setattr(
        driven_run, "find_faces", lambda *a: looked.append(a) or find_faces(*a)
    )
    assert run("self-reenactment", "--smirk", "smirk", "--frames", "4", out="two") == 0
    # Frames that drive are looked at once for the model and the copied source.
    assert len(looked) == 2
    means = report(tmp_path, "two")["clips"][1]["methods"]
    assert means[MODEL]["missing_rate"] == 0 and means[MODEL]["aed_exp"] > 0
    assert means[COPY]["apd"] < means[MODEL]["apd"]
    assert means[MODEL]["csim"] is None


@pytest.fixture(scope="module")
def inception(tmp_path_factory):
    """A checkpoint of a small Inception-v3, and what judges by it."""
    folder, network = tmp_path_factory.mktemp("inception"), InceptionV3(16)
    variables = fill(network, np.zeros((1, 32, 32, 3), np.float32))
    save_variables(folder, {"inception": variables}, {})
    return str(folder), inception_judge(folder, network)


def test_sets_of_frames_are_compared_over_all_clips(
    run, tmp_path, monkeypatch, capsys, inception
):
    folder, judge = inception
    monkeypatch.setattr("face_jax.cli.judges.inception_judge", lambda path: judge)
    for task, frames in (("self-reenactment", 4), ("cross-reenactment", 6)):
        flags = ("--inception", folder, "--frames", "3")
        assert run(task, *flags, out=task) == 0
        assert "Frechet" in capsys.readouterr().out
        found = report(tmp_path, task)
        for method in (MODEL, COPY):
            number = found["overall"][method]["fid"]
            assert (number["clips"], number["frames"]) == (2, frames)
            assert number["mean"] > 0
            for clip in found["clips"]:
                assert clip["methods"][method]["fid"] is None
                assert clip["reasons"][method]["fid"] == OF_ALL_CLIPS
        assert found["conditions"]["data"]["judges"]["inception"] == folder


def test_one_frame_is_no_set(run, tmp_path, monkeypatch, capsys, inception):
    folder, judge = inception
    monkeypatch.setattr("face_jax.cli.judges.inception_judge", lambda path: judge)
    flags = ("--inception", folder, "--frames", "2")
    assert run("self-reenactment", *flags, data=("ben.mp4",)) == 0
    assert f"- fid: {TOO_FEW}" in capsys.readouterr().out
    assert report(tmp_path)["overall"][MODEL]["fid"] == {"mean": None, "clips": 0}
