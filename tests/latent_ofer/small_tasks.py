"""Latent-OFER's trainings small enough for tests, and batches for all of them."""

import dataclasses
import functools
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.detector_task import DetectorTask
from face_jax.latent_ofer.expression_task import ExpressionTask
from face_jax.latent_ofer.mae_task import MaeTask
from face_jax.latent_ofer.recognizer_task import RecognizerTask
from face_jax.latent_ofer.refinement_task import RefinementTask
from face_jax.train.checkpoints import Checkpoints
from face_jax.train.state import Guard, TrainState
from tests.filled import numbers_for
from tests.train.on_mesh import spec_of

SIDE, PATCH, GRID, TOKENS = 64, 16, 4, 8
"""Sides of pictures and patches, patches along a side, numbers of a token."""

ROWS = 8
RATE = {"name": "constant", "peak": 1e-2}
AUTOENCODER = {
    "image_size": SIDE,
    "patch_size": PATCH,
    "width": 12,
    "depth": 1,
    "num_heads": 2,
    "decoder_width": TOKENS,
    "decoder_depth": 1,
    "decoder_heads": 2,
}
EXPRESSION_SIDE = 32
EXPRESSION = {
    "num_heads": 2,
    "spatial_hidden": 3,
    "channel_hidden": 2,
    "depths": [1, 1],
    "width": 4,
}
"""Eight channels at an eighth of the size: as many as the generator's there."""


def mae_task(**changes) -> MaeTask:
    return MaeTask(
        **{"size": "tiny", "network": AUTOENCODER, "schedule": RATE, **changes}
    )


def detector_task(**changes) -> DetectorTask:
    fields = {
        "size": "tiny",
        "network": AUTOENCODER,
        "autoencoder": "random",
        "features": [6, 4],
        "nu": 0.2,
        "radius_start": 2,
        "schedule": RATE,
        "fit_batches": 2,
        "kernel_samples": 12,
    }
    return DetectorTask(**{**fields, **changes})


def expression_task(**changes) -> ExpressionTask:
    fields = {"network": EXPRESSION, "side": EXPRESSION_SIDE, "schedule": RATE}
    return ExpressionTask(**{**fields, **changes})


def refinement_task(**changes) -> RefinementTask:
    fields = {
        "size": "tiny",
        "network": AUTOENCODER,
        "autoencoder": "random",
        "side": SIDE,
        "generator": {"width": 1, "levels": 4},
        "image_discriminator": {"width": 2, "halvings": 2},
        "feature_discriminator": {"width": 4},
        "expression": EXPRESSION,
        "expression_weights": "random",
        "expression_side": EXPRESSION_SIDE,
        "schedule": RATE,
    }
    return RefinementTask(**{**fields, **changes})


def recognizer_task(**changes) -> RecognizerTask:
    network = {**EXPRESSION, "latent_features": [8, 4], "fusion_features": [4]}
    fields = {
        "network": network,
        "side": EXPRESSION_SIDE,
        "grid": GRID,
        "token_width": TOKENS,
        "selection": "relevant",
        "schedule": RATE,
    }
    return RecognizerTask(**{**fields, **changes})


@functools.cache
def random_batch(rows: int = ROWS, seed: int = 0) -> dict[str, np.ndarray]:
    """Pictures of every second row are partly covered, patches wholly or in part."""
    random = np.random.default_rng(seed)
    clean = _pictures(random, rows)
    mask = np.zeros((rows, SIDE, SIDE), np.uint8)
    mask[::2, 16:40, 16:48] = 255  # two patches, and half of those below
    covered = np.where(mask[..., None] > 0, _pictures(random, rows), clean)
    return {
        "image": covered,
        "clean_image": clean,
        "occluder_mask": mask,
        "label": random.integers(0, 7, rows).astype(np.int32),
        "occluder": np.arange(rows, dtype=np.int32) % 2,
        "item_id": np.arange(rows, dtype=np.int32),
    }


@functools.cache
def token_batch(rows: int = ROWS, seed: int = 0) -> dict[str, np.ndarray]:
    """What the recogniser is trained on."""
    random = np.random.default_rng(seed)
    tokens = random.normal(size=(rows, 1 + GRID**2, TOKENS))
    return {
        "image": _pictures(random, rows),
        "tokens": tokens.astype(np.float16),
        "relevance": random.uniform(size=(rows, GRID, GRID)).astype(np.float32),
        "label": random.integers(0, 7, rows).astype(np.int32),
        "item_id": np.arange(rows, dtype=np.int32),
    }


def variables_of(task, batch, seed=0):
    """Random numbers in the place of all variables: no initialiser is compiled."""
    shapes = jax.eval_shape(task.init, jax.random.key(0), spec_of(batch))
    return numbers_for(shapes, seed)


def state_of(task, batch, seed=0) -> TrainState:
    """A state of such variables; its optimizers have seen nothing."""
    variables, optimizers = variables_of(task, batch, seed), task.optimizers()
    params = {name: variables[name]["params"] for name in optimizers}
    rest = {
        name: {key: tree for key, tree in variables[name].items() if key != "params"}
        for name in optimizers
    }
    return TrainState(
        step=jnp.int32(0),
        params=params,
        model_state={name: tree for name, tree in rest.items() if tree},
        frozen={n: tree for n, tree in variables.items() if n not in optimizers},
        opt_state={name: _zeros(tx, params[name]) for name, tx in optimizers.items()},
        ema={},
        guard=Guard.clear(),
    )


def save_run(folder: Path, stage: str, task, batch) -> Path:
    """Writes a task's random variables as a run of that stage would."""
    settings = json.loads(json.dumps(dataclasses.asdict(task)))
    config = {"system": f"latent_ofer.{stage}", "task": settings}
    checkpoints = Checkpoints(folder, config, task.teachers())
    checkpoints.save(state_of(task, batch).replace(opt_state={}), {})
    checkpoints.close()
    return folder


def _zeros(optimizer, params):
    """What an optimizer begins with: zeros, whichever it is."""
    shapes = jax.eval_shape(optimizer.init, params)
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)


def _pictures(random, rows):
    coarse = random.integers(0, 256, (rows, 8, 8, 3), np.uint8)
    noise = random.integers(-20, 20, (rows, SIDE, SIDE, 3))
    large = coarse.repeat(SIDE // 8, axis=1).repeat(SIDE // 8, axis=2)
    return np.clip(large + noise, 0, 255).astype(np.uint8)
