"""``face-jax bench fsrt`` with tiny networks."""

import json

import pytest

from face_jax.bench.results import read
from face_jax.cli.__main__ import main

RUN = ["--small", "--rounds", "1", "--matmul", "8", "8", "8"]


@pytest.mark.slow
def test_both_forms_of_every_part_are_timed(tmp_path, capsys):
    out, drawn = tmp_path / "bench.json", tmp_path / "plots" / "growth.svg"
    sizes = ["--sides", "8", "--sources", "2", "--rows", "1", "--queries", "16"]
    parts = ["--parts", "describe", "encode", "decode", "train"]
    files = ["--out", str(out), "--growth", str(drawn)]
    assert main(["bench", "fsrt", *RUN, *parts, *sizes, *files]) == 0
    found = read(out).cases
    names = [
        "describe, 1 frame",
        "encode, 2 source pictures",
        "decode, 64 queries",
        "training, 1 items of 16 queries",
    ]
    assert [(case.group, case.name) for case in found] == [
        (group, name) for name in names for group in ("fsrt", "fsrt plain")
    ]
    assert all(case.median > 0 and case.flops > 0 for case in found)
    # On pictures this small the borders that rows of taps add outweigh what they spare.
    fast, plain = found[2::2], found[3::2]
    assert all(f.flops < p.flops for f, p in zip(fast, plain, strict=True))
    printed = capsys.readouterr().out
    assert "fsrt: fast beside plain" in printed
    assert all(f"\n| {name} " in printed for name in names)
    assert b"<svg" in drawn.read_bytes()
    assert json.loads(out.read_text())["cases"][0]["seconds"]


def test_frames_are_driven_together_in_half_precision(tmp_path, capsys):
    out = tmp_path / "bench.json"
    flags = ["--parts", "describe", "decode", "reenact", "--no-plain", "--frames", "2"]
    half = ["--sides", "8", "--dtype", "bfloat16", "--out", str(out)]
    assert main(["bench", "fsrt", *RUN, *flags, *half]) == 0
    found = read(out)
    assert found.matmul.name == "matmul 8 x 8 x 8, bfloat16"
    assert [case.name for case in found.cases] == [
        "describe, 2 frames",
        "decode, 2 frames of 64 queries",
        "reenact, 2 frames of 64 queries",
    ]
    describe, decode, reenact = (case.flops for case in found.cases)
    assert reenact == describe + decode
    assert "plain" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--sides", "64", "0"], "--sides: expected 1 to 4096, got 0"),
        (["--sources", "0"], "--sources: expected 1 to 64, got 0"),
        (["--frames", "0"], "--frames: expected 1 to 1024, got 0"),
        (["--rows", "0"], "--rows: expected 1 to 1024, got 0"),
        (["--queries", "1025"], "--queries: expected 1 to 1024, got 1025"),
        (["--rounds", "0"], "--rounds: expected 1 to 1000, got 0"),
        (["--growth", "{folder}"], "expected a file to write, got a folder"),
    ],
)
def test_wrong_input_is_told_before_anything_is_timed(flags, message, tmp_path, capsys):
    flags = [flag.format(folder=tmp_path) for flag in flags]
    assert main(["bench", "fsrt", *RUN, *flags]) == 2
    told = capsys.readouterr().err
    assert message in told and told.count("\n") == 1
