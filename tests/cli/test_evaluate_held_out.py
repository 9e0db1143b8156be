import csv
import json

import cv2
import numpy as np
import pytest

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.video import VideoWriter
from face_jax.cli import evaluate_held_out
from face_jax.cli.__main__ import main
from face_jax.fsrt import inference
from tests.fsrt.tiny_model import build_model, moving_frames

COUNT, SIDE = 20, 48


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A work directory whose checkpoint is the tiny model."""
    data = {"item": "fsrt_item", "source": "synthetic", "clips": {"frame_size": 32}}
    (tmp_path / "config.json").write_text(json.dumps({"data": data}))
    model = build_model("landmarks")
    monkeypatch.setattr(inference, "load", lambda path, step: model)
    return tmp_path


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "me.mp4"
    with VideoWriter(path, fps=25) as writer:
        for frame in moving_frames(COUNT, SIDE, SIDE):
            writer.write(frame)
    points = np.random.default_rng(0).uniform(8, 40, (1, 68, 2)).repeat(COUNT, 0)
    save_landmarks(path.with_suffix(".npz"), points, np.arange(COUNT), (SIDE, SIDE))
    return path


def test_report_is_written(run, clip, capsys):
    out = run / "report"
    flags = ["--clip", str(clip), "--landmarks", str(clip.with_suffix(".npz"))]
    assert (
        main(
            [
                "evaluate",
                "held-out",
                "--checkpoint",
                str(run),
                "--out",
                str(out),
                *flags,
            ]
        )
        == 0
    )
    found = json.loads((out / "report.json").read_text())
    tail = found["clips"][0]["hold_outs"]["tail"]
    assert tail["frames"] == 4
    measured = found["conditions"]
    assert measured["data"]["clips"]["path"] == [str(clip)]
    assert measured["items"] == 2 and set(measured["metrics"]) == {"psnr", "ssim", "l1"}
    assert set(tail["methods"]["model"]) == {"whole frame", "mouth", "eyes"}
    text = (out / "report.md").read_text()
    assert "| **FSRT**" in text and "| **FSRT**" in capsys.readouterr().out
    with (out / "frames.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    whole = [
        r for r in rows if r["region"] == "whole frame" and r["hold_out"] == "tail"
    ]
    assert [int(row["frame"]) for row in whole] == [16, 17, 18, 19]
    mean = np.mean([float(row["psnr"]) for row in whole])
    expected = tail["methods"]["model"]["whole frame"]["psnr"]
    np.testing.assert_allclose(mean, expected, rtol=1e-5)
    assert (out / "frames.svg").read_bytes().startswith(b"<?xml")
    for name in ("me_tail", "me_every_fifth", "me_tail_worst", "me_every_fifth_worst"):
        assert f"({name}.png)" in text
        assert cv2.imread(str(out / f"{name}.png")) is not None


def test_missing_landmarks_are_one_line(run, clip, capsys):
    flags = ["--checkpoint", str(run), "--out", "x", "--clip", str(clip)]
    assert main(["evaluate", "held-out", *flags]) == 2
    assert "me: this model is driven by landmarks" in capsys.readouterr().err


def test_wrong_flags_are_one_line(run, capsys):
    status = main(
        [
            "evaluate",
            "held-out",
            "--checkpoint",
            str(run),
            "--out",
            "x",
            "--landmarks",
            "a.npz",
        ]
    )
    assert status == 2
    assert "--landmarks belongs to --clip" in capsys.readouterr().err


def test_a_mixture_does_not_say_which_clips(run, capsys):
    data = {"mixture": {"people": {"source": "synthetic"}}, "item": "fsrt_item"}
    (run / "config.json").write_text(json.dumps({"data": data}))
    assert main(["evaluate", "held-out", "--checkpoint", str(run), "--out", "x"]) == 2
    assert "--clip: expected clips to evaluate on" in capsys.readouterr().err


def test_a_file_is_no_place_for_a_report(run, tmp_path, capsys):
    (tmp_path / "file").touch()
    for task in ("held-out", "people"):
        flags = ["--checkpoint", str(run), "--out", str(tmp_path / "file" / "report")]
        assert main(["evaluate", task, *flags]) == 2
        assert "file is a file" in capsys.readouterr().err


def test_help_is_for_strangers(capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "held-out", "--help"])
    text = capsys.readouterr().out
    assert "examples:" in text and evaluate_held_out.DESCRIPTION in text
