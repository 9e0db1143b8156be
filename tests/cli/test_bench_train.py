"""``face-jax bench train``: figures of a real step, and what is told instead of them."""

import json
import re

import jax
import pytest

from face_jax.cli import step_costs
from face_jax.cli.__main__ import main

pytestmark = pytest.mark.slow

PIPELINE = "configs/latent_ofer/synthetic64.py:smoke"
FLAGS = ["--config", PIPELINE, "--stage", "expression", "--steps", "1"]


def test_a_stage_is_timed_without_data(tmp_path, capsys):
    out = tmp_path / "costs" / "bench.json"
    sizes = ["--batch-sizes", "8", "16"]
    assert main(["bench", "train", *FLAGS, *sizes, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "| of bf16 peak, % |" in printed and "| 8 " in printed
    small, large = json.loads(out.read_text())
    assert (small["batch_size"], large["batch_size"]) == (8, 16)
    for cost in (small, large):
        timing = cost["timing"]
        assert timing["phase"] == "train" and len(timing["seconds"]) == 3
        assert min(timing["seconds"]) > 0 and timing["utilisation"] is None
        assert timing["memory_bytes"] > 0
    per_picture = [
        cost["timing"]["flops"] / cost["batch_size"] for cost in (small, large)
    ]
    assert per_picture[0] == pytest.approx(per_picture[1], rel=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["costs"]


def raising(message):
    def time_iteration(trainer, iteration, steps):
        raise jax.errors.JaxRuntimeError(message)

    return time_iteration


def test_batches_that_do_not_fit_are_told(monkeypatch, capsys):
    monkeypatch.setattr(step_costs, "time_iteration", raising("RESOURCE_EXHAUSTED: 9G"))
    assert main(["bench", "train", *FLAGS, "--at", "0", "7"]) == 0
    printed = capsys.readouterr().out
    rows = re.findall(r"\| 8 +\| +([07]) \| out of memory", printed)
    assert rows == ["0", "7"]


def test_other_failures_are_no_lack_of_memory(monkeypatch):
    monkeypatch.setattr(step_costs, "time_iteration", raising("INTERNAL: broken"))
    with pytest.raises(jax.errors.JaxRuntimeError, match="broken"):
        main(["bench", "train", *FLAGS])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--steps", "0"], "--steps: expected 1 to 10000, got 0"),
        (["--batch-sizes", "0"], "--batch-sizes: expected 1 to "),
        (["--at", "-1"], "--at: expected 0 to "),
        (["--stage", "latents"], "--stage: one of autoencoder, detector"),
        (["--config", "configs/none.py"], "configs/none.py"),
        (["--set", "task.nothing=1"], "'task.nothing=1': no key 'task'"),
    ],
)
def test_wrong_input(flags, message, capsys):
    assert main(["bench", "train", *FLAGS, *flags]) == 2
    told = capsys.readouterr().err
    assert message in told and told.count("\n") == 1


def test_stages_are_named_where_there_are_some(capsys):
    assert main(["bench", "train", "--config", PIPELINE]) == 2
    assert "--stage: one of autoencoder" in capsys.readouterr().err
    one = "configs/fsrt/demo.py"
    assert main(["bench", "train", "--config", one, "--stage", "expression"]) == 2
    assert "--stage: none expected" in capsys.readouterr().err
