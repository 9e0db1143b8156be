"""Templates for SMIRK's second path, from the built-in expressions."""

import numpy as np
import pytest

from data_pipelines.synth.displays import MOST, draw_displays
from data_pipelines.synth.expressions import CLASSES
from face_jax.cli.__main__ import main
from face_jax.heads.library import head
from face_jax.smirk.templates import read_bank


def test_a_file_is_a_bank_of_all_classes(tmp_path, capsys):
    path = tmp_path / "new" / "templates.npz"
    assert main(["prepare", "templates", "--out", str(path), "--per-class", "3"]) == 0
    assert "7 classes of 3 faces" in capsys.readouterr().out
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    bank = read_bank(path, 55)
    assert bank.frames.shape == (21, 55)
    np.testing.assert_array_equal(bank.lengths, 3)
    assert float(bank.frames.min()) >= 0 and float(bank.frames.max()) <= MOST


def test_classes_show_what_they_are(tmp_path):
    names = head("procedural").expression_names
    displays = draw_displays(head("procedural"), 20, seed=1)
    assert tuple(displays) == CLASSES
    means = {label: faces.mean(axis=0) for label, faces in displays.items()}
    typical = {
        "happiness": "mouthSmile_L",
        "sadness": "mouthFrown_L",
        "surprise": "eyeWide_L",
        "disgust": "noseSneer_L",
        "anger": "browDown_L",
    }
    for label, name in typical.items():
        column = names.index(name)
        assert means[label][column] > 3 * means["neutral"][column] + 0.2
    again = draw_displays(head("procedural"), 20, seed=1)
    assert all(np.array_equal(displays[n], again[n]) for n in CLASSES)
    assert not np.array_equal(
        draw_displays(head("procedural"), 20, 2)["fear"], again["fear"]
    )


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--out", "bank.json"], "ending in .npz"),
        (["--out", "bank.npz", "--per-class", "0"], "--per-class: expected 1"),
        (["--out", "bank.npz", "--head", "nowhere.npz"], "nowhere.npz"),
    ],
)
def test_wrong_input_is_one_line_and_writes_nothing(
    flags, said, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", "templates", *flags]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())
