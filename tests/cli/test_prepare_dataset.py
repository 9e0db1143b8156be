"""``face-jax prepare LAYOUT`` as its users run it."""

import json
import sys

import numpy as np
import pytest

from data_pipelines.prepare.layouts import LAYOUTS
from data_pipelines.sources.records import RecordSource
from data_pipelines.sources.split_index import VERSION
from data_pipelines.video import read_image
from face_jax.cli.__main__ import main
from tests.cli.odd_clips import Person, draw, write_people
from tests.data_pipelines.landmarks.small_mediapipe import Recorder, stand_in
from tests.data_pipelines.landmarks.small_yunet import write_small_yunet
from tests.data_pipelines.prepare.replicas import BUILDERS


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "ffhq"
    folder.mkdir()
    BUILDERS["ffhq"](folder)
    return folder


def test_a_data_set_becomes_records_and_a_report(root, tmp_path, capsys):
    command = ["prepare", "ffhq", "--root", str(root), "--out", str(tmp_path / "out")]
    assert main([*command, "--workers", "0", "--longest-side", "48"]) == 0
    printed = capsys.readouterr().out
    assert "| bad landmarks |     1 |" in printed and "| unreadable" in printed
    report = (tmp_path / "out" / "report.md").read_text()
    assert "00000/00002.png: bad landmarks, landmarks lie in one point" in report
    assert read_image(tmp_path / "out" / "pictures.png").shape[1] > 8 * 96
    stored = json.loads((tmp_path / "out" / "report.json").read_text())
    assert sum(stored["files"].values()) == 2
    assert main([*command, "--workers", "0", "--longest-side", "48"]) == 0
    assert "is complete, nothing to do" in capsys.readouterr().out


def test_mediapipe_finds_landmarks_of_files_without_any(tmp_path, monkeypatch, capsys):
    root, model = tmp_path / "clips", tmp_path / "face_landmarker.task"
    model.write_bytes(b"a model")
    frames = [draw(96, 64, [Person(5 + n // 3, 4)]) for n in range(9)]
    for person in ("ann", "bob"):
        (root / person).mkdir(parents=True)
        write_people(
            root / person / "talk.mp4",
            frames,
            gop_size=len(person) + ord(person[0]) % 7,
        )
    mesh = np.random.default_rng(0).uniform(0.2, 0.8, (478, 2))
    # Nobody is found in the third frame of either clip.
    seen = [[] if n % 9 == 2 else [mesh] for n in range(18)]
    recorder = Recorder(faces=seen)
    monkeypatch.setitem(sys.modules, "mediapipe", stand_in(recorder))
    out = tmp_path / "out"
    command = ["prepare", "videos", "--root", str(root), "--out", str(out)]
    finder = ["--finder", "mediapipe", "--finder-model", str(model)]
    assert main([*command, *finder, "--workers", "0"]) == 0
    assert len(recorder.pictures) == 18  # once each, though there are two passes
    stored = json.loads((out / "report.json").read_text())
    assert stored["without_face"] == 2 and not (out / "work").exists()
    (split,) = {split for split, count in stored["files"].items() if count} & {"train"}
    records = RecordSource(out / "frames" / VERSION, split)
    expected = (mesh * [96, 64] - 0.5).astype(np.float32)
    np.testing.assert_allclose(records[0]["landmarks_478"], expected, atol=1e-4)
    assert np.isnan(records[2]["landmarks_478"]).all()
    settings = json.loads((out / "settings.json").read_text())
    assert settings["finder"]["name"] == "mediapipe"
    # The folder belongs to this finder.
    assert main([*command, "--workers", "0"]) == 2
    assert "holds a data set with finder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ffhq", "--root", "nowhere"], "nowhere: no such folder"),
        (["raf_db", "--root", "ROOT"], "expected EmoLabel/list_patition_label.txt or "),
        (["ffhq", "--root", "ROOT", "--landmarks", "x"], "x: no such folder"),
        (["ffhq", "--root", "ROOT", "--longest-side", "3"], "--longest-side: expected"),
        (["ffhq", "--root", "ROOT", "--workers", "-1"], "--workers: expected"),
        (
            ["ffhq", "--root", "ROOT", "--finder", "yunet", "--finder-model", "YUNET"],
            "--finder yunet tells boxes alone, and records need landmarks",
        ),
    ],
)
def test_wrong_arguments_are_one_line(root, tmp_path, capsys, arguments, message):
    model = write_small_yunet(tmp_path / "small.onnx")
    words = {"ROOT": str(root), "YUNET": str(model)}
    given = [words.get(word, word) for word in arguments]
    assert main(["prepare", *given, "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()


def test_every_layout_has_its_word(capsys):
    with pytest.raises(SystemExit):
        main(["prepare", "--help"])
    printed = capsys.readouterr().out
    assert all(layout.title.split(",")[0] in printed for layout in LAYOUTS.values())
