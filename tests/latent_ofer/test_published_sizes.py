"""The published pipeline at its published sizes."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs.latent_ofer import pipeline
from face_jax.systems import build_task
from face_jax.train import partitioning
from face_jax.train.state import abstract_state
from face_jax.train.step import StepOptions, compile_step

LATENT_LAYER = (39_936, 10_000)
ROWS = 8


def cached_spec(rows):
    """What the recogniser's batches look like."""

    def array(*shape, dtype=np.float32):
        return jax.ShapeDtypeStruct((rows, *shape), np.dtype(dtype))

    return {
        "image": array(224, 224, 3, dtype=np.uint8),
        "tokens": array(197, 512, dtype=np.float16),
        "relevance": array(14, 14),
        "label": array(dtype=np.int32),
    }


@pytest.fixture(scope="module")
def recognizer():
    stage = pipeline.get_config().stages.recognizer
    task = build_task(stage.system, stage.task.to_dict())
    return task, abstract_state(task, cached_spec(ROWS), with_ema=False)


def layers(tree):
    """Paths and leaves of the first latent layer, its moments included."""
    return {
        partitioning.slash_path(path): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
        if leaf.shape == LATENT_LAYER
    }


def layers_of(shardings, state):
    """Shardings of the first latent layer, by path."""
    flat = jax.tree.leaves(
        shardings, is_leaf=lambda x: isinstance(x, jax.sharding.Sharding)
    )
    paths = [
        partitioning.slash_path(path)
        for path, _ in jax.tree_util.tree_leaves_with_path(state)
    ]
    wanted = layers(state)
    return {p: s for p, s in zip(paths, flat, strict=True) if p in wanted}


def test_the_recogniser_has_the_published_size(recognizer):
    _, state = recognizer
    sizes = (math.prod(leaf.shape) for leaf in jax.tree.leaves(state.params))
    assert sum(sizes) == 474_719_997


def test_the_first_latent_layer_and_its_momentum_are_split(recognizer):
    task, state = recognizer
    mesh = partitioning.make_mesh(data=1, fsdp=8, tensor=1)
    placement = partitioning.place(state, mesh, task.partition_rules())
    assert not placement.notes
    found, shardings = layers(state), layers_of(placement.shardings, state)
    assert len(found) == 2, found
    for path, leaf in found.items():
        shard = shardings[path].shard_shape(leaf.shape)
        bytes_there = math.prod(shard) * leaf.dtype.itemsize
        print(f"{path}: {bytes_there:,} of {8 * bytes_there:,} bytes on each device")
        assert shard == (39_936 // 8, 10_000)
        assert bytes_there == 199_680_000


@pytest.mark.slow
def test_the_split_step_compiles_without_gathering_the_layer(recognizer):
    """On each device fewer bytes than the layer and its momentum alone have."""
    task, state = recognizer
    mesh = partitioning.make_mesh(data=1, fsdp=8, tensor=1)
    shardings = partitioning.place(state, mesh, task.partition_rules()).shardings
    rows, everywhere = (
        partitioning.batch_sharding(mesh),
        partitioning.replicated(mesh),
    )
    step = compile_step(task, task.phase(0), StepOptions(), shardings, rows, everywhere)
    key = jax.eval_shape(lambda: jax.random.key(0))
    with jax.set_mesh(mesh):
        compiled = step.lower(state, cached_spec(ROWS), key).compile()
    memory = compiled.memory_analysis()
    print(memory)
    whole = 2 * math.prod(LATENT_LAYER) * jnp.float32(0).itemsize
    assert memory.argument_size_in_bytes < 0.4 * whole
