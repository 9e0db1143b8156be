"""A pipeline of Latent-OFER whose stages took two steps each."""

import contextlib

import pytest

from configs.latent_ofer import synthetic64
from face_jax.cli import stages


@contextlib.contextmanager
def small_pipeline(folder):
    """Trains it in a folder; its data stay known for as long as the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACE_JAX_CACHE", str(folder / "cache"))
        assert stages.train_stages(synthetic64.get_config("smoke"), folder / "run")
        yield folder / "run"
