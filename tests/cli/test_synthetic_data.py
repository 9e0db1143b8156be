from pathlib import Path

import numpy as np
import pytest
from ml_collections import ConfigDict

from data_pipelines.sources.synthetic_clips import SyntheticClips, built_in_settings
from data_pipelines.sources.synthetic_settings import CACHE_VARIABLE
from data_pipelines.synth import scene
from data_pipelines.video import read_image
from face_jax.cli import synthetic_data
from face_jax.cli.__main__ import main
from face_jax.cli.synthetic_data import ensure
from face_jax.heads import library
from tests.data_pipelines.synth.plain_studio import PlainStudio, plain_head
from tests.heads.tiny_head import bare_head

SMALL = {"people": 2, "num_frames": 4, "size": 32}


@pytest.fixture(autouse=True)
def studio(monkeypatch, tmp_path):
    """Draws plain squares instead of faces, and keeps the user's cache out of it."""
    monkeypatch.setattr(scene, "Studio", lambda head, size: PlainStudio(size))
    real = library.head

    def head(name):
        return plain_head() if name == library.BUILT_IN else real(name)

    monkeypatch.setattr(library, "head", head)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


def block(**synthetic) -> dict:
    return {"source": "synthetic", "item": "fsrt_item", "synthetic": synthetic}


def test_a_run_gets_the_data_that_it_reads(tmp_path):
    mixed = {
        "item": "fsrt_item",
        "mixture": {
            "a": {
                "source": "synthetic",
                "synthetic": {"built_in": SMALL},
            }
        },
    }
    blocks = [
        ConfigDict(block(built_in={**SMALL, "people": 1})),
        ConfigDict(block(path=str(tmp_path))),
        mixed,
    ]
    ensure(*blocks)
    made = sorted(path.name for path in (tmp_path / "cache" / "synthetic").iterdir())
    wanted = [built_in_settings(**{**SMALL, "people": n}).folder().name for n in (1, 2)]
    assert made == sorted(wanted)
    clips = SyntheticClips(built_in={**SMALL, "people": 1})
    before = clips.frames(0, [2])[0].copy()
    ensure(*blocks)
    again = SyntheticClips(built_in={**SMALL, "people": 1})
    np.testing.assert_array_equal(again.frames(0, [2])[0], before)


def test_a_run_without_synthetic_faces_needs_nothing(tmp_path):
    ensure({"source": "clips", "item": "fsrt_item"})
    assert not (tmp_path / "cache").exists()


def prepare(out: Path, *flags: str) -> int:
    small = ("--images=30", "--images-per-person=3", "--clips=2", "--frames=5")
    command = ["prepare", "synthetic", f"--out={out}", "--size=32", *small, *flags]
    return main(command)


def test_the_command_writes_a_report_with_sheets(tmp_path, capsys):
    out = tmp_path / "faces"
    assert prepare(out) == 0
    assert "40 pictures, " in capsys.readouterr().out
    text = (out / "report.md").read_text()
    assert "| train" in text and "![occluders](occluders.png)" in text
    for name in ("faces", "occluders", "clip"):
        assert read_image(out / f"{name}.png").shape[1] > 100
    assert prepare(out) == 0
    assert "is complete, nothing to do" in capsys.readouterr().out


def test_another_data_set_is_refused_in_one_line(tmp_path, capsys):
    assert prepare(tmp_path / "faces") == 0
    assert prepare(tmp_path / "faces", "--seed", "1") == 2
    told = capsys.readouterr().err
    assert "holds a data set with seed 0, expected 1" in told


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--images", "0", "--clips=0"], "images, clips: expected at least one of"),
        (["--images", "-1"], "images: expected 0 to 10000000, got -1"),
        (["--size", "8"], "size: expected 16 to 2048, got 8"),
        (["--size", "100000"], "size: expected 16 to 2048, got 100000"),
        (["--rate", "inf"], "frame_rate: expected above 0, got inf"),
        (["--rate", "nan"], "frame_rate: expected above 0, got nan"),
        (["--occluded", "nan"], "occluded: expected 0 to 1, got nan"),
        (["--workers", "-1"], "--workers: expected 0 to 256, got -1"),
        (["--seed", "-1"], "seed: expected 0 to 4294967295, got -1"),
        (["--head", "nonsense"], "nonsense: no such head; expected 'procedural' or a"),
        (["--out", __file__], "expected a folder, "),
    ],
)
def test_wrong_input_is_one_line_and_writes_nothing(flags, message, tmp_path, capsys):
    assert prepare(tmp_path / "faces", *flags) == 2
    told = capsys.readouterr().err
    assert message in told and told.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("cores", "pictures", "workers"),
    [(2, 999, 0), (2, 1000, 2), (1, 10_000, 0), (64, 2000, 4), (64, 100_000, 8)],
)
def test_workers_begin_where_they_are_worth_it(cores, pictures, workers, monkeypatch):
    monkeypatch.setattr(synthetic_data.os, "cpu_count", lambda: cores)
    assert synthetic_data._worth_starting(pictures) == workers


def test_nothing_is_written_for_a_head_that_shows_no_expressions(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(library, "head", lambda name: bare_head())
    assert prepare(tmp_path / "faces") == 2
    assert "it lacks" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("contents", ["", "[1]", "no JSON"])
def test_foreign_settings_in_the_folder_are_told(contents, tmp_path, capsys):
    (tmp_path / "settings.json").write_text(contents)
    assert prepare(tmp_path) == 2
    told = capsys.readouterr().err
    assert "settings.json: expected settings of a data set" in told
    assert (tmp_path / "settings.json").read_text() == contents
