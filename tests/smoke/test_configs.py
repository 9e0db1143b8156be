"""Every config, cut down to seconds: it trains, saves, evaluates and goes on."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest

import configs
from face_jax.cli.config import load_config
from face_jax.train.checkpoints import load_variables
from tests.processes.command import run

FOLDER = Path(configs.__file__).parent
FILES = sorted(p for p in FOLDER.glob("*/*.py") if p.name != "__init__.py")
FAST = ("demo", "vox256")
SCORE = {"fsrt": "psnr", "smirk": "nme"}
TEACHERS = {"vgg16", "vgg19", "emotion", "mica"}


def trained(records):
    """The records of training steps."""
    losses = ("generator", "pretraining", "reconstruction")
    return [r for r in records if any(f"train/{n}/loss" in r for n in losses)]


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
    config = load_config(address)
    run(tmp_path, config=address, common=())
    records = [json.loads(x) for x in (tmp_path / "metrics.jsonl").open()]
    assert [r["step"] for r in trained(records)] == [1, 2]
    for name in config.evals:
        assert any(f"{name}/{SCORE[config.system]}" in r for r in records)
        assert list((tmp_path / "images").glob(f"{name}_*.png"))
    variables, stored = load_variables(tmp_path)
    assert stored["system"] == config.system
    assert not TEACHERS & set(variables)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(variables))


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_smoke_variant_goes_on(file, tmp_path):
    run(tmp_path, config=f"{file}:smoke", common=())
    run(tmp_path, "run.steps=3", config=f"{file}:smoke", common=())
    records = [json.loads(x) for x in (tmp_path / "metrics.jsonl").open()]
    assert [r["step"] for r in trained(records)] == [1, 2, 3]
