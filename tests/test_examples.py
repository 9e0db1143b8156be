"""The examples in docstrings are run, on small models in the folders that they name."""

import doctest
import importlib

import pytest

from tests.fsrt import tiny_model
from tests.latent_ofer import small_pipeline, small_tasks
from tests.smirk import small_model
from tests.smirk.small_task import write_head

MODULES = (
    "face_jax.api",
    "face_jax.fsrt.inference",
    "face_jax.latent_ofer.model",
    "face_jax.smirk.inference",
    "face_jax.temporal.chunks",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("examples")
    runs = root / "runs"
    tiny_model.save_checkpoint(runs / "fsrt", tiny_model.build_model())
    small_model.save_checkpoint(runs / "smirk", write_head(root))
    small_pipeline.save_pipeline(runs / "latent_ofer")
    return root


def pictures(module):
    """Names that the examples of a module take as given."""
    if module.endswith("latent_ofer.model"):
        return {"crops": small_tasks.random_batch()["image"]}
    side = tiny_model.IMAGE_SIZE
    frames = tiny_model.moving_frames(2, side, side)
    return {"picture": frames[0], "frames": frames, "crops": frames}


@pytest.mark.parametrize("module", MODULES)
def test_examples_run(module, folder, monkeypatch):
    monkeypatch.chdir(folder)
    result = doctest.testmod(
        importlib.import_module(module),
        extraglobs=pictures(module),
        optionflags=doctest.ELLIPSIS,
    )
    assert result.attempted and not result.failed
