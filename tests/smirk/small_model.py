"""A small SMIRK model of random weights, and how a training run would store it."""

import functools
import json
import zlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.smirk import inference
from face_jax.smirk.known_heads import KnownHeads, encode_all
from face_jax.smirk.model import Masking, make_model
from face_jax.smirk.networks import build_networks, modules
from face_jax.train.checkpoints import Checkpoints
from face_jax.train.state import Guard, TrainState
from tests.smirk.small_task import NETWORKS, random_batch

MASKING = {"mask_ratio": 0.05, "mask_radius": 1}


def small_model(head: str, generator: bool = True, *, folded: bool = False, **networks):
    """A model that sees differences between pictures."""
    settings = {**NETWORKS, "head": head, **networks}
    variables = _variables(json.dumps(settings), generator)
    masking = Masking(**MASKING)
    return make_model(variables, build_networks(**settings), masking, folded=folded)


def heads_as_seen(model, rows: int) -> KnownHeads:
    """Heads, two of each person, whose truth is what the model sees."""
    images = jnp.asarray(random_batch()["image"][:rows])
    faces = encode_all(model, images)
    projection = inference.decode(model, faces)
    return KnownHeads(
        images=images,
        faces=faces,
        landmarks_68=projection.landmarks_68,
        landmarks_105=projection.landmarks_105,
        identity=jnp.arange(rows) // 2,
    )


def save_checkpoint(
    workdir: Path,
    head: str,
    generator: bool = True,
    system: str = "smirk",
    data: dict | None = None,
):
    """Writes the small model as a training run would; returns the folder."""
    networks = {**NETWORKS, "head": head}
    config = {"system": system, "task": {"networks": networks, **MASKING}}
    config["data"] = data or {}
    empty = {"params": {}, "model_state": {}, "opt_state": {}, "ema": {}}
    frozen = small_model(head, generator).variables
    state = TrainState(step=jnp.int32(3), frozen=frozen, guard=Guard.clear(), **empty)
    checkpoints = Checkpoints(workdir, config)
    checkpoints.save(state, {})
    checkpoints.close()
    return workdir


@functools.cache
def _variables(settings, generator):
    networks = build_networks(**json.loads(settings))
    table = modules(networks)
    names = (*networks.encoders.names, *(["generator"] if generator else []))
    shapes = {
        name: jax.eval_shape(table[name][0].init, jax.random.key(0), *table[name][1])
        for name in names
    }
    return jax.tree_util.tree_map_with_path(_fill, shapes)


def _fill(path, leaf):
    """Noise that depends on the parameter's path alone; cameras see a whole face."""
    name = jax.tree_util.keystr(path)
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if "var" in name or "scale" in name:
        value = random.uniform(0.5, 1.5, leaf.shape)
    elif leaf.ndim < 2:
        value = 0.1 * random.normal(size=leaf.shape)
    else:
        spread = 1.4 if "'head'" not in name else 0.02 if "pose" in name else 0.1
        value = random.normal(0, spread / np.prod(leaf.shape[:-1]) ** 0.5, leaf.shape)
    if "pose_encoder" in name and "'head'" in name and leaf.ndim < 2:
        value = np.array([0, 0, 0, 7, 0, 0])
    return np.asarray(value, leaf.dtype)
