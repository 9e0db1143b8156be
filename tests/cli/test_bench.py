import json

import pytest

from face_jax.cli.__main__ import main
from face_jax.heads import library
from face_jax.render.benchmark import STAGES
from tests.heads.tiny_head import full_head


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


@pytest.mark.parametrize("flags", [["--rounds", "0"], ["--batches", "0"]])
def test_numbers_below_their_smallest_are_named(flags, capsys):
    assert main(["bench", "render", *flags]) == 2
    assert f"{flags[0]}: at least 1 expected" in capsys.readouterr().err
