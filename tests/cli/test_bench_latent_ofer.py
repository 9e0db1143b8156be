"""``face-jax bench latent-ofer`` with tiny networks."""

import pytest

from face_jax.bench.results import read
from face_jax.cli.__main__ import main

RUN = ["--rounds", "1", "--matmul", "8", "8", "8"]
PARTS = ("detect, reconstruct, recognise", "generator", "recogniser")


@pytest.mark.slow
def test_both_forms_of_every_part_are_timed(tmp_path, capsys):
    out = tmp_path / "bench.json"
    flags = ["--small", "--batches", "2", *RUN, "--out", str(out)]
    assert main(["bench", "latent-ofer", *flags]) == 0
    *found, assembly = read(out).cases
    assert [(case.group, case.name) for case in found] == [
        (group, f"{name}, batch 2")
        for name in PARTS
        for group in ("latent-ofer", "latent-ofer plain")
    ]
    assert assembly.name == "self-assembly, 16 x 8 x 8"
    assert all(case.median > 0 and case.flops > 0 for case in (*found, assembly))
    printed = capsys.readouterr().out
    assert "latent-ofer: folded beside plain" in printed
    assert all(f"\n| {name}, batch 2 " in printed for name in PARTS)


def test_wrong_input_is_told(capsys):
    assert main(["bench", "latent-ofer", "--small", "--batches", "0"]) == 2
    assert "--batches: expected 1 to 1024, got 0" in capsys.readouterr().err
