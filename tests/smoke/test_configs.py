"""Every config, cut down to seconds: it trains, saves, evaluates and goes on."""

import json
import re
from pathlib import Path

import jax
import numpy as np
import pytest

import configs
from face_jax.cli.config import load_config
from face_jax.cli.exit_codes import ExitCode
from face_jax.train.checkpoints import load_variables
from tests.processes.command import run

FOLDER = Path(configs.__file__).parent
FILES = sorted(p for p in FOLDER.glob("*/*.py") if p.name != "__init__.py")
FAST = ("demo",)
SCORE = {
    "fsrt": "psnr",
    "fsrt.distillation": "psnr",
    "smirk": "nme",
    "latent_ofer.autoencoder": "psnr",
    "latent_ofer.detector": "deep_accuracy",
    "latent_ofer.expression": "accuracy",
    "latent_ofer.refinement": "psnr_made",
    "latent_ofer.recognizer": "accuracy",
}
TEACHERS = {"vgg16", "vgg19", "emotion", "mica"}


def trainings(config, workdir):
    """Config and folder of each training: one, or those among the stages."""
    if "stages" not in config:
        return [(config, workdir)]
    chosen = [(config.stages[name], workdir / name) for name in config.order]
    return [(c, folder) for c, folder in chosen if c.get("kind", "train") == "train"]


def stop_and_go_on(config):
    """Settings of a run that leaves before the end or is short, and of one after it."""
    if "stages" not in config:
        return (), ("run.steps=3",)
    (_, folder), *_ = trainings(config, Path())
    return (f"stages.{folder.name}.run.stop_after=1",), ()


def records(workdir):
    return [json.loads(line) for line in (workdir / "metrics.jsonl").open()]


def trained(workdir):
    """The steps of training that were recorded."""
    loss = re.compile(r"train/\w+/loss")
    return [r["step"] for r in records(workdir) if any(map(loss.fullmatch, r))]


def check(config, workdir):
    """A training of two steps has left behind everything that it shall."""
    assert trained(workdir) == [1, 2]
    for name in config.evals:
        score = f"{name}/{SCORE[config.system]}"
        assert any(score in record for record in records(workdir))
        assert list((workdir / "images").glob(f"{name}_*.png"))
    variables, stored = load_variables(workdir)
    assert stored["system"] == config.system
    assert not TEACHERS & set(variables)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(variables))


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(
            file,
            id=f"{file.parent.name}/{file.stem}",
            marks=[] if file.stem in FAST else [pytest.mark.slow],
        )
        for file in FILES
    ],
)
def test_smoke_variant(file, tmp_path):
    address = f"{file}:smoke"
    run(tmp_path, config=address, common=())
    for config, workdir in trainings(load_config(address), tmp_path):
        check(config, workdir)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_smoke_variant_goes_on(file, tmp_path):
    address = f"{file}:smoke"
    first, then = stop_and_go_on(load_config(address))
    left = ExitCode.PREEMPTED if first else ExitCode.DONE
    run(tmp_path, *first, config=address, common=(), status=left)
    run(tmp_path, *then, config=address, common=())
    for config, workdir in trainings(load_config(address, then), tmp_path):
        assert trained(workdir) == list(range(1, config.run.steps + 1))
