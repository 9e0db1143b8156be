import subprocess
import sys

import numpy as np
import pytest

import face_jax
from face_jax.fsrt import model as fsrt
from face_jax.latent_ofer import model as latent_ofer
from face_jax.smirk import model as smirk
from face_jax.train import checkpoints
from tests.fsrt import tiny_model
from tests.smirk import small_model
from tests.smirk.small_task import write_head


def test_the_system_is_read_from_the_folder(tmp_path):
    tiny_model.save_checkpoint(tmp_path / "fsrt", tiny_model.build_model())
    small_model.save_checkpoint(tmp_path / "smirk", write_head(tmp_path))
    assert isinstance(face_jax.load(tmp_path / "fsrt"), fsrt.Model)
    assert isinstance(face_jax.load(tmp_path / "smirk", step=3), smirk.Model)


def test_a_pipeline_is_a_folder_of_stages(tmp_path, monkeypatch):
    for stage in latent_ofer.STAGES:
        (tmp_path / stage).mkdir()
    monkeypatch.setattr(latent_ofer, "load", lambda *given, **more: (given, more))
    assert face_jax.load(tmp_path, method="kernel") == (
        (tmp_path,),
        {"method": "kernel"},
    )


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        face_jax.load(tmp_path)
    config = {"system": "weights", "task": {}}
    checkpoints.save_variables(tmp_path, {"a": {"params": {"b": 1.0}}}, config)
    with pytest.raises(ValueError, match="got a checkpoint of 'weights' by itself"):
        face_jax.load(tmp_path)


def test_a_folder_of_other_stages_names_them(tmp_path):
    for stage in ("paths", "encoders"):
        (tmp_path / stage / "checkpoints").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="; runs are in encoders, paths"):
        face_jax.load(tmp_path)


def test_the_package_imports_nothing_heavy():
    code = "import sys, face_jax; assert not {'jax', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'fly'"):
        _ = face_jax.fly


def test_any_number_of_rows_comes_in_batches_of_one_size():
    sizes = []

    def doubled(rows):
        sizes.append(len(rows))
        return {"twice": 2 * rows}

    rows = np.arange(5.0)[:, None]
    found = face_jax.in_batches(doubled, rows, size=2)
    np.testing.assert_array_equal(found["twice"], 2 * rows)
    assert sizes == [2, 2, 2]
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        _ = face_jax.other
