"""Evaluations inside a training are those of the command."""

import json

import jax
import pytest

from configs.fsrt import demo
from face_jax.cli.__main__ import main
from face_jax.cli.reports import make_reporter
from face_jax.cli.runs import ensure_data, make_trainer

HELD_OUT = "held-out --frames 2 --columns 2"


@pytest.mark.slow
def test_a_training_reports_on_itself(tmp_path):
    config = demo.get_config("smoke")
    config.reports = {"tasks": (HELD_OUT,), "every": 1}
    ensure_data(config)
    make_trainer(config, tmp_path / "run", jax.devices()[:1]).run()
    for step in (1, 2):
        assert (tmp_path / "run" / "reports" / str(step) / "held-out").is_dir()
    where = ["--checkpoint", str(tmp_path / "run"), "--out", str(tmp_path / "alone")]
    assert main(["evaluate", *HELD_OUT.split(), *where]) == 0
    inside = tmp_path / "run" / "reports" / "2" / "held-out" / "report.json"
    alone = tmp_path / "alone" / "report.json"
    assert json.loads(inside.read_text()) == json.loads(alone.read_text())


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (("held-up",), "'held-up': argument WHAT: invalid choice"),
        (("held-out --frames many",), "argument --frames: invalid int value: 'many'"),
        (
            ("scan a b --landmarks c --scan-landmarks d",),
            "unrecognized arguments: --checkpoint",
        ),
        (("held-out", HELD_OUT), "got held-out twice"),
    ],
)
def test_what_cannot_be_measured_is_said_before_training(tmp_path, tasks, message):
    with pytest.raises(ValueError, match=rf"reports\.tasks.*{message}"):
        make_reporter(tasks, tmp_path)
