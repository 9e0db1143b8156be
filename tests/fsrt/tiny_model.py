"""A tiny FSRT model with deterministic weights, for tests of inference."""

import functools
import zlib

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.encoding import pixel_grid
from face_jax.fsrt.inference import Model
from face_jax.fsrt.networks import build_networks, decode, describe, encode
from face_jax.train.checkpoints import Checkpoints
from face_jax.train.state import Guard, TrainState

IMAGE_SIZE = 32
CHUNK = 4
"""Frames per compiled program in all tests, so that they share what is compiled."""
EXPRESSION_SIZE = 8
NETWORKS = {
    "image_size": IMAGE_SIZE,
    "expression_size": EXPRESSION_SIZE,
    "keypoint_detector": {
        "block_expansion": 4,
        "num_blocks": 2,
        "max_features": 16,
        "scale_factor": 0.5,
    },
    "expression_encoder": {"features_per_keypoint": 2, "hidden": [8]},
    "encoder": {
        "patch_channels": [[4, 8], [8, 8], [8, 16]],
        "width": 16,
        "depth": 1,
        "num_heads": 2,
        "head_dim": 8,
        "mlp_dim": 16,
        "pixel_octaves": 4,
    },
    "decoder": {
        "input_hidden": 16,
        "width": 16,
        "depth": 1,
        "num_heads": 2,
        "head_dim": 8,
        "mlp_dim": 16,
        "render_hidden": [16],
        "pixel_octaves": 4,
    },
}


def build_model(keypoints="learned"):
    """A model whose pictures depend visibly on source, keypoints and expression."""
    networks = build_networks(**NETWORKS, keypoints=keypoints)
    # On a given device, like what is loaded: programs are then compiled once for both.
    variables = jax.device_put(_variables(keypoints), jax.devices()[0])
    return Model(variables=variables, networks=networks)


@functools.cache
def _variables(keypoints):
    networks = build_networks(**NETWORKS, keypoints=keypoints)
    variables = {}
    shapes = jax.eval_shape(functools.partial(_initialise, networks))
    for name, tree in shapes.items():
        variables[name] = jax.tree_util.tree_map_with_path(_fill, tree)
    return _spread_colours(networks, variables)


def _initialise(networks):
    """Variables of all networks that inference uses, for their shapes alone."""
    key = jax.random.key(0)
    images = jnp.zeros((1, IMAGE_SIZE, IMAGE_SIZE, 3))
    found, detector = networks.keypoint_detector.init_with_output(key, images)
    expression, expression_encoder = networks.expression_encoder.init_with_output(
        key, found.feature_map, found.heatmap
    )
    item = (found.positions[None], expression[None])
    latent, encoder = networks.encoder.init_with_output(key, images[None], *item)
    return {
        "keypoint_detector": detector,
        "expression_encoder": expression_encoder,
        "encoder": encoder,
        "decoder": networks.decoder.init(key, latent, jnp.zeros((4, 2)), *item),
    }


def _spread_colours(networks, variables):
    """Scales the last layer to colours around 0.5 with a deviation of 0.2."""
    images = jnp.asarray(moving_frames(1, IMAGE_SIZE, IMAGE_SIZE) / 255.0, jnp.float32)
    points = jnp.asarray(np.linspace(-0.5, 0.5, 20).reshape(1, 10, 2), jnp.float32)

    @jax.jit
    def colours(variables):
        item = [x[None] for x in describe(networks, variables, images, points)]
        latent = encode(networks, variables, images[None], *item)
        pixels = pixel_grid(IMAGE_SIZE, IMAGE_SIZE).reshape(-1, 2)
        return decode(networks, variables, latent, pixels, *item)

    values = colours(variables)
    mean, deviation = values.mean((0, 1, 2)), values.std((0, 1, 2))
    render = variables["decoder"]["params"]["render"]
    last = render[max(render)]
    last["kernel"] = last["kernel"] * 0.2 / deviation
    last["bias"] = (last["bias"] - mean) * 0.2 / deviation + 0.5
    return variables


def _fill(path, leaf):
    """Scaled noise that depends on the parameter's path alone."""
    name = jax.tree_util.keystr(path)
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    if "var" in name or "scale" in name:
        value = rng.uniform(0.5, 1.5, leaf.shape)
    elif leaf.ndim < 2:
        value = 0.3 * rng.standard_normal(leaf.shape)
    else:
        fan_in = np.prod(leaf.shape[:-1])
        value = 1.7 / np.sqrt(fan_in) * rng.standard_normal(leaf.shape)
    return jnp.asarray(value, leaf.dtype)


def moving_frames(count, height=40, width=48, seed=0):
    """Smooth pictures that change over time, uint8 [count, height, width, 3]."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 6, 3)
    y, x = np.mgrid[0:height, 0:width] / 8.0
    t = np.arange(count)[:, None, None, None] / 3.0
    waves = np.sin(x[..., None] + t + phase) * np.cos(y[..., None] - t * 0.7 + phase)
    return np.uint8(127 + 120 * waves)


def save_checkpoint(workdir, model, step=3):
    """Writes a model as a training run would; returns the folder."""
    networks = {**NETWORKS, "keypoints": model.networks.keypoints}
    config = {"system": "fsrt", "task": {"networks": networks}}
    empty = {"params": {}, "model_state": {}, "opt_state": {}, "ema": {}}
    state = TrainState(
        step=jnp.int32(step), frozen=model.variables, guard=Guard.clear(), **empty
    )
    checkpoints = Checkpoints(workdir, config)
    checkpoints.save(state, {})
    checkpoints.close()
    return workdir
