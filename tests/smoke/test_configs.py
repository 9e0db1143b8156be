"""Every config, cut down to seconds: it trains, saves, evaluates and goes on."""

import json
from pathlib import Path

import numpy as np
import pytest

import configs
from face_jax.cli.config import load_config
from face_jax.train.checkpoints import load_variables
from tests.processes.command import run

FOLDER = Path(configs.__file__).parent
FILES = sorted(p for p in FOLDER.glob("*/*.py") if p.name != "__init__.py")
FAST = ("demo", "vox256")


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
    trained = [r for r in records if "train/generator/loss" in r]
    assert [r["step"] for r in trained] == [1, 2]
    for name in config.evals:
        assert any(f"{name}/psnr" in r for r in records)
        assert list((tmp_path / "images").glob(f"{name}_*.png"))
    variables, stored = load_variables(tmp_path)
    assert stored["system"] == config.system
    assert "vgg19" not in variables
    assert np.isfinite(variables["encoder"]["params"]["patch_0_conv"]["kernel"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_smoke_variant_goes_on(file, tmp_path):
    run(tmp_path, config=f"{file}:smoke", common=())
    run(tmp_path, "run.steps=3", config=f"{file}:smoke", common=())
    records = [json.loads(x) for x in (tmp_path / "metrics.jsonl").open()]
    steps = [r["step"] for r in records if "train/generator/loss" in r]
    assert steps == [1, 2, 3]
