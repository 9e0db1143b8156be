"""Flags of finders: what fits together, and what is said of what does not."""

import argparse
import shlex
import sys

import numpy as np
import pytest

from data_pipelines.video import write_image
from face_jax.cli.__main__ import main
from face_jax.cli.finder_flags import add_finder, finder_facts, finder_opener
from tests.data_pipelines.landmarks.small_yunet import write_small_yunet


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "me.png", np.zeros((48, 64, 3), np.uint8))
    write_small_yunet(tmp_path / "small.onnx")
    (tmp_path / "wrong.onnx").write_bytes(b"wrong")
    return tmp_path


def parsed(text, faces=("face",)):
    parser = argparse.ArgumentParser()
    add_finder(parser, faces)
    return parser.parse_args(shlex.split(text))


def test_without_flags_landmark_files_count():
    args = parsed("")
    assert finder_opener(args)(args.face) is None
    assert finder_facts(args)["name"] == "landmarks"


def test_one_model_serves_several_choices(folder):
    flags = "--finder yunet --finder-model small.onnx --finder-score 0.4 --one 2"
    args = parsed(flags, ("one", "other"))
    opened = finder_opener(args)
    first, second = opened(args.one), opened(args.other)
    assert (first.choice, second.choice) == (2, "largest")
    assert first.detector is second.detector
    facts = finder_facts(args)
    assert (facts["model"], facts["least_score"]) == ("small.onnx", 0.4)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--finder yunet", "--finder yunet needs --finder-model FILE; YuNet is face_"),
        ("--finder mediapipe", "--finder mediapipe needs --finder-model FILE; face_la"),
        (
            "--finder-model small.onnx",
            "--finder-model belongs to --finder mediapipe or",
        ),
        ("--finder-score 0.5", "--finder-score belongs to --finder mediapipe or yunet"),
        ("--face 1", "a landmark file tells of one face, so that 1 chooses nothing"),
        (
            "--finder yunet --finder-model small.onnx --finder-score 2",
            "--finder-score: expected 0 to 1, got 2.0",
        ),
        ("--finder yunet --finder-model no.onnx", "no.onnx: no such model file"),
        ("--finder yunet --finder-model wrong.onnx", "wrong.onnx: expected the YuNet"),
        (
            "--finder mediapipe --finder-model wrong.onnx",
            "--finder mediapipe: the finder 'mediapipe' needs MediaPipe",
        ),
    ],
)
@pytest.mark.parametrize("command", ["reconstruct", "recognize"])
def test_wrong_flags_are_one_line_and_leave_nothing(
    folder, monkeypatch, capsys, command, flags, message
):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    fixed = f"{command} me.png --checkpoint run --out out"
    assert main([*shlex.split(fixed), *shlex.split(flags)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"face-jax {command}: error: ") and message in line
    assert not (folder / "out").exists()


@pytest.mark.parametrize("face", ["biggest", "1.5", ""])
def test_choices_that_are_none_are_refused(capsys, face):
    with pytest.raises(SystemExit):
        parsed(f"--face '{face}'")
    error = capsys.readouterr().err
    assert "`largest`, `central` or a number from 0 expected" in error
