import pytest

from face_jax.bench.results import read
from face_jax.cli.__main__ import main
from face_jax.cli.render_cases import STAGES
from face_jax.heads import library
from tests.heads.tiny_head import bare_head, full_head


@pytest.fixture(autouse=True)
def head(monkeypatch):
    monkeypatch.setattr(library, "head", lambda name: full_head())


@pytest.mark.slow
def test_every_stage_is_timed_beside_the_oracle(tmp_path, capsys):
    out = tmp_path / "bench.json"
    flags = ["--size", "16", "--batches", "2", "--rounds", "1", "--out", str(out)]
    flags += ["--matmul", "8", "8", "8"]
    assert main(["bench", "render", *flags]) == 0
    printed = capsys.readouterr().out
    for stage in STAGES:
        assert printed.count(f"| render: {stage}, head ") == 2
        assert printed.count(f"| {stage}, head ") == 2
    found = read(out)
    assert len(found.cases) == 2 * 3 * len(STAGES)
    assert all(case.median > 0 for case in found.cases)
    assert main(["bench", "render", *flags, "--against", str(out)]) == 0
    assert "| times faster |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rounds", "0"], "--rounds: expected 1 to 1000, got 0"),
        (["--size", "-5"], "--size: expected 1 to 4096, got -5"),
        (["--size", "100000"], "--size: expected 1 to 4096, got 100000"),
        (["--batches", "1", "0"], "--batches: expected 1 to 1024, got 0"),
        (["--matmul", "8", "0", "8"], "--matmul: expected 1 to 1048576, got 0"),
        (["--against", "{folder}/none.json"], "none.json"),
        (["--against", "{folder}/file"], "file: expected the JSON of a bench"),
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
