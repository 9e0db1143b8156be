import json

import pytest

from face_jax.cli.__main__ import main
from face_jax.heads import library
from face_jax.render.benchmark import STAGES
from tests.heads.tiny_head import bare_head, full_head


@pytest.fixture(autouse=True)
def head(monkeypatch):
    monkeypatch.setattr(library, "head", lambda name: full_head())


@pytest.mark.slow
def test_every_stage_is_timed_beside_the_oracle(tmp_path, capsys):
    out = tmp_path / "bench.json"
    flags = ["--size", "16", "--batches", "2", "--rounds", "1", "--out", str(out)]
    assert main(["bench", "render", *flags]) == 0
    printed = capsys.readouterr().out
    for stage in STAGES:
        assert printed.count(f"| {stage}, head ") == 2
    records = json.loads(out.read_text())
    assert {(r["batch"], r["dense"]) for r in records} == {
        (1, False),
        (1, True),
        (2, False),
    }
    assert len(records) == 2 * 3 * len(STAGES)
    assert all(r["wall_seconds"][0] > 0 for r in records)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rounds", "0"], "--rounds: expected 1 to 1000, got 0"),
        (["--size", "-5"], "--size: expected 1 to 4096, got -5"),
        (["--size", "100000"], "--size: expected 1 to 4096, got 100000"),
        (["--batches", "1", "0"], "--batches: expected 1 to 1024, got 0"),
        (["--out", "{folder}"], "expected a file to write, got a folder"),
        (["--out", "{folder}/file/a.json"], "file is a file"),
    ],
)
def test_wrong_input_is_told_before_anything_is_timed(flags, message, tmp_path, capsys):
    (tmp_path / "file").touch()
    flags = [flag.format(folder=tmp_path) for flag in flags]
    assert main(["bench", "render", *flags]) == 2
    told = capsys.readouterr().err
    assert message in told and told.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_heads_without_a_face_are_told(monkeypatch, capsys):
    monkeypatch.setattr(library, "head", lambda name: bare_head())
    assert main(["bench", "render"]) == 2
    told = capsys.readouterr().err
    assert "head '' has no region 'face', it has: none" in told


def test_heads_that_are_none_are_told(monkeypatch, capsys):
    monkeypatch.undo()
    assert main(["bench", "render", "--head", "nonsense"]) == 2
    told = capsys.readouterr().err
    assert "nonsense: no such head; expected 'procedural' or a file" in told
