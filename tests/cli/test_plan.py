"""``face-jax plan``: its tables and files, and what it refuses before compiling."""

import json

import pytest

from face_jax.cli.__main__ import main
from face_jax.cli.plans import parse_meshes
from face_jax.train import topologies

CONFIG = ["--config", "configs/latent_ofer/synthetic64.py:smoke", "--stage"]
FLAGS = [*CONFIG, "autoencoder", "--topology", "v5e:4x2"]


@pytest.fixture(autouse=True)
def no_compiler(monkeypatch):
    """The compiler of CPUs is faster; that of TPUs is tested with the plans."""
    monkeypatch.setattr(topologies, "has_compiler", lambda: False)


def test_tables_and_files(tmp_path, capsys):
    out = tmp_path / "made" / "plans"
    mesh = ["--mesh", "2,4,1"]
    assert main(["plan", *FLAGS, *mesh, "--batch-size", "16", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Compiled by XLA's compiler of CPUs, jaxlib" in printed
    assert "it is not known what memory a step needs" in printed
    assert (out / "plan.md").read_text().strip() in printed
    assert (out / "plan.svg").read_bytes().startswith(b"<?xml")
    (plan,) = json.loads((out / "plan.json").read_text())
    assert plan["mesh"] == {"data": 2, "fsdp": 4, "tensor": 1}
    assert (plan["rows"], plan["phase"]) == (16, "train")
    assert plan["fits"] is None and plan["seconds"] is None
    assert plan["flops"] > 0 and plan["state_bytes"]["opt_state"] > 0
    assert plan["chip_sent_bytes"]["all-reduce data+fsdp"] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--mesh", "8,1"], "--mesh: expected sizes of data, fsdp and tensor"),
        (["--mesh", "3,1,1"], "does not use exactly the 8 devices"),
        (["--topology", "v9:4x4"], "topology 'v9:4x4': expected one of v4"),
        (["--batch-size", "12"], "loader.batch_size = 12 is not divisible"),
        (["--rows-per-chip", "0"], "--rows-per-chip: expected 1 to"),
        (["--at", "-1"], "--at: expected 0 to"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_compiled(flags, message, capsys):
    assert main(["plan", *FLAGS, *flags]) == 2
    told = capsys.readouterr().err
    assert told.startswith("face-jax plan: error: ") and message in told


def test_meshes():
    assert parse_meshes(["64,4,1", "-1,1,8"]) == [(64, 4, 1), (-1, 1, 8)]
