"""A recogniser trained on with photographs of some persons, measured on another."""

import json

import cv2
import numpy as np
import pytest

from data_pipelines.video import write_image
from face_jax.cli.__main__ import main
from tests.cli.small_pipeline import small_pipeline

PEOPLE, LABELS = ("ada", "ben", "cleo"), ("neutral", "happiness")


@pytest.fixture
def photographs(tmp_path):
    """Two pictures of each person, with landmarks and labels."""
    folder, random = tmp_path / "photographs", np.random.default_rng(0)
    folder.mkdir()
    lines = []
    for person in PEOPLE:
        for label in LABELS:
            picture = random.integers(0, 256, (80, 60, 3), np.uint8)
            write_image(folder / f"{person}_{label}.png", picture)
            points = random.uniform((15, 20), (45, 60), (68, 2))
            np.save(folder / f"{person}_{label}.npy", points)
            lines.append(f"{person}_{label}.png {label}\n")
    (tmp_path / "labels.txt").write_text("".join(lines))
    return folder


def command(photographs, checkpoint, out, *flags):
    labels = str(photographs.parent / "labels.txt")
    given = {
        "data": photographs,
        "labels": labels,
        "checkpoint": checkpoint,
        "out": out,
    }
    texts = [
        text for name, value in given.items() for text in (f"--{name}", str(value))
    ]
    return ["cross-validate", *texts, "--people", "prefixes", *flags]


@pytest.mark.slow
def test_each_person_is_left_out_once(photographs, tmp_path, capsys):
    out, flags = tmp_path / "out", ("--steps", "2", "--batch-size", "8")
    with small_pipeline(tmp_path / "pipeline") as pipeline:
        run = command(photographs, pipeline, out, *flags)
        assert main(run) == 0
        first = (out / "report.json").read_text()
        assert main(run) == 0
    assert (out / "report.json").read_text() == first
    found = json.loads(first)
    assert found["people"] == list(PEOPLE)
    assert found["conditions"]["items"] == 6
    for report in found["recognition"]:
        assert report["rows"]["all"]["pictures"] == 6
        confusion = np.array(report["rows"]["all"]["confusion"])
        assert confusion.sum(axis=1).tolist() == [3, 3, 0, 0, 0, 0, 0]
    for number in range(3):
        config = json.loads((out / f"without_{number:03d}/config.json").read_text())
        others = [n for n in range(3) if n != number]
        assert config["data"]["latents"]["identities"] == others
        assert config["task"]["start_from"] == str(pipeline / "recognizer")
    assert cv2.imread(str(out / "held_out.png")) is not None
    assert "of 6" in capsys.readouterr().out


def test_wrong_input_is_one_line(photographs, tmp_path, capsys):
    run = command(photographs, tmp_path / "none", tmp_path / "out")
    assert main([*run, "--steps", "0"]) == 2
    assert "--steps: expected 1 to" in capsys.readouterr().err
    assert main(run) == 2
    assert "none/detector" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
