"""Every config, cut down to seconds: it trains, saves, evaluates and goes on."""

import json
from pathlib import Path

import numpy as np
import pytest

import configs
from face_jax.cli.config import load_config
from face_jax.cli.train import train
from face_jax.train.checkpoints import load_variables

FOLDER = Path(configs.__file__).parent
FILES = sorted(p for p in FOLDER.glob("*/*.py") if p.name != "__init__.py")


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_smoke_variant(file, tmp_path):
    config = load_config(f"{file}:smoke")
    state = train(config, tmp_path)
    assert int(state.step) == config.run.steps == 2
    records = [json.loads(x) for x in (tmp_path / "metrics.jsonl").open()]
    trained = [r for r in records if "train/generator/loss" in r]
    assert [r["step"] for r in trained] == [1, 2]
    for name in config.evals:
        assert any(f"{name}/psnr" in r for r in records)
        assert list((tmp_path / "images").glob(f"{name}_*.png"))
    longer = load_config(f"{file}:smoke", ["run.steps=3"])
    assert int(train(longer, tmp_path).step) == 3
    variables, stored = load_variables(tmp_path)
    assert stored["system"] == config.system
    assert "vgg19" not in variables
    assert np.isfinite(variables["encoder"]["params"]["patch_0_conv"]["kernel"]).all()
