import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt.model import Model, load
from face_jax.train.checkpoints import Checkpoints
from face_jax.train.state import Guard, TrainState
from tests.fsrt.tiny_model import IMAGE_SIZE, build_model, save_checkpoint


def test_a_checkpoint_is_loaded_as_it_was_saved(tmp_path):
    model = build_model()
    loaded = load(save_checkpoint(tmp_path, model))
    assert loaded.networks.keypoints == "learned" and loaded.image_size == IMAGE_SIZE
    jax.tree.map(np.testing.assert_array_equal, loaded.variables, model.variables)


def test_missing_and_foreign_checkpoints_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")
    empty = {"params": {}, "model_state": {}, "opt_state": {}, "ema": {}}
    for system, message in (
        ("smirk", "of fsrt expected, got 'smirk'"),
        ("fsrt", "lacks"),
    ):
        state = TrainState(
            step=jnp.int32(1),
            frozen={"encoder": {"params": {"kernel": jnp.ones(2)}}},
            guard=Guard.clear(),
            **empty,
        )
        checkpoints = Checkpoints(tmp_path / system, {"system": system, "task": {}})
        checkpoints.save(state, {})
        checkpoints.close()
        with pytest.raises(ValueError, match=message):
            load(tmp_path / system)


def test_a_model_is_an_argument_of_compiled_functions():
    model = build_model()
    leaves, structure = jax.tree.flatten(model)
    assert isinstance(jax.tree.unflatten(structure, leaves), Model)
    hash(structure)
