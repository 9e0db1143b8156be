"""``face-jax bench smirk`` with tiny networks."""

import pytest

from face_jax.bench.results import read
from face_jax.cli.__main__ import main
from tests.smirk.small_task import write_head

RUN = ["--rounds", "1", "--matmul", "8", "8", "8"]


@pytest.mark.slow
def test_both_forms_of_every_part_are_timed(tmp_path, capsys):
    out = tmp_path / "bench.json"
    flags = ["--small", "--head", write_head(tmp_path), "--batches", "2", *RUN]
    assert main(["bench", "smirk", *flags, "--out", str(out)]) == 0
    found = read(out).cases
    parts = [f"{name}, batch 2" for name in ("encode", "meshes", "encode and draw")]
    assert [(case.group, case.name) for case in found] == [
        (group, name) for name in parts for group in ("smirk", "smirk plain")
    ]
    assert all(case.median > 0 and case.flops > 0 for case in found)
    printed = capsys.readouterr().out
    assert "smirk: folded beside plain" in printed
    assert all(f"\n| {name} " in printed for name in parts)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--batches", "1", "0"], "--batches: expected 1 to 1024, got 0"),
        (["--rounds", "0"], "--rounds: expected 1 to 1000, got 0"),
        (["--head", "nonsense"], "nonsense: no such head; expected 'procedural'"),
    ],
)
def test_wrong_input_is_told(flags, message, capsys):
    assert main(["bench", "smirk", "--small", *RUN, *flags]) == 2
    told = capsys.readouterr().err
    assert message in told
