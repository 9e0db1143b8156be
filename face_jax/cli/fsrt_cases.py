"""What of FSRT is timed: motion, identities, pictures, a training step."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.bench.cases import Case
from face_jax.bench.random_variables import random_tree
from face_jax.cli.form_cases import PLAIN, both_forms
from face_jax.fsrt.decoder import Decoder
from face_jax.fsrt.decoding import decode_tiles, pixels_per_tile
from face_jax.fsrt.inference import describe_pictures, encode_pictures
from face_jax.fsrt.model import Model
from face_jax.fsrt.motion import Motion, MotionOptions, transfer_jit
from face_jax.fsrt.networks import build_networks
from face_jax.fsrt.task import FsrtTask
from face_jax.nn.apply import apply
from face_jax.train.step_timing import made_up_batch
from face_jax.types import Array, Batch, Form, PyTree, Variables

GROUP = "fsrt"
FORMS: tuple[Form, ...] = ("fast", "plain")
SMALL: dict[str, Any] = {
    "image_size": 32,
    "expression_size": 8,
    "keypoint_detector": {
        "block_expansion": 4,
        "num_blocks": 2,
        "max_features": 16,
        "scale_factor": 0.5,
    },
    "expression_encoder": {"features_per_keypoint": 2, "hidden": (8,)},
    "encoder": {
        "patch_channels": ((4, 8), (8, 8), (8, 16)),
        "width": 16,
        "depth": 1,
        "num_heads": 2,
        "head_dim": 8,
        "mlp_dim": 16,
    },
    "decoder": {
        "input_hidden": 16,
        "width": 16,
        "depth": 1,
        "num_heads": 2,
        "head_dim": 8,
        "mlp_dim": 16,
        "render_hidden": (16,),
    },
}
"""Networks that compile in a second."""


class Sizes(NamedTuple):
    """How much of each part is timed.

    Attributes:
      sources: numbers of source pictures of an identity.
      sides: sides of decoded pictures, pixels; a picture is decoded by side**2 queries.
      frames: driving frames that are described and decoded together.
      rows: items of a training batch.
      queries: query pixels of an item in training.
    """

    sources: Sequence[int]
    sides: Sequence[int]
    frames: int
    rows: int
    queries: int


def fsrt_cases(
    parts: Sequence[str],
    sizes: Sizes,
    networks: Mapping[str, Any],
    platform: str | None = None,
) -> Iterator[Case]:
    """Parts in their fast and in their plain form.

    Args:
      parts: of ``describe``, ``encode``, ``decode``, ``reenact`` and ``train``.
      sizes: of the parts.
      networks: keywords of ``build_networks``.
      platform: whose tiles pictures are decoded in, see ``pixels_per_tile``.
    """
    models = [random_model(networks, form) for form in FORMS]
    side, random = models[0].image_size, np.random.default_rng(0)
    pixels = pixels_per_tile(models[0], sizes.frames, platform)
    pair = functools.partial(both_forms, GROUP)
    if "describe" in parts:
        frames = random.integers(0, 256, (sizes.frames, side, side, 3), np.uint8)
        name = f"describe, {sizes.frames} frame" + "s" * (sizes.frames > 1)
        given = (describe_pictures, models, frames, None)
        yield from pair(name, *given, pictures=sizes.frames)
    if "encode" in parts:
        for count in sizes.sources:
            pictures = random.random((count, side, side, 3), np.float32)
            name = f"encode, {count} source pictures"
            given = (encode_pictures, models, pictures, None)
            yield from pair(name, *given, pictures=count)
    for size in sizes.sides:
        if "decode" in parts:
            yield from _decoding(models, size, sizes.frames, pixels)
        if "reenact" in parts:
            yield _reenactment(models[0], size, sizes.frames, pixels)
    if "train" in parts:
        yield from _training(sizes, networks)


def random_model(networks: Mapping[str, Any], form: Form = "fast") -> Model:
    """A model that nobody has trained.

    Args:
      networks: keywords of ``build_networks``.
      form: how the networks are computed; the weights do not depend on it.
    """
    task = FsrtTask(networks=networks, phase3_start=None)
    shapes = jax.eval_shape(lambda key: task.init(key, {}), jax.random.key(0))
    return Model(
        variables=jax.device_put(random_tree(shapes)),
        networks=build_networks(**{**networks, "form": form}),
    )


def random_motion(model: Model, frames: int) -> Motion:
    """Keypoints and expressions of frames that nobody has filmed."""
    random, networks = np.random.default_rng(0), model.networks
    points = (frames, networks.keypoint_detector.num_keypoints, 2)
    size = networks.expression_encoder.expression_size
    return Motion(
        jnp.asarray(random.uniform(-0.5, 0.5, points), jnp.float32),
        jnp.asarray(random.standard_normal((frames, size)), jnp.float32),
    )


def random_latent(model: Model) -> np.ndarray:
    """A set latent [1, L, C] of one source picture, as large as an encoder's."""
    encoder, side = model.networks.encoder, model.image_size
    tokens = (side // 2 ** len(encoder.patch_channels)) ** 2
    random = np.random.default_rng(0)
    return random.standard_normal((1, tokens, encoder.width), np.float32)


def _decoding(
    models: Sequence[Model], side: int, frames: int, pixels: int
) -> Iterator[Case]:
    """Fast from a memory, plain from the set latent, which is projected each time."""
    fast, plain = models
    motion, latent = random_motion(fast, frames), random_latent(fast)
    render = functools.partial(decode_tiles, size=(side, side), pixels=pixels)

    def render_plainly(model: Model, latent: Array, motion: Motion) -> Array:
        return render(model, project(model, latent), motion)

    name = f"decode, {_of_frames(frames, side)}"
    for function, given, ending in (
        (render, (fast, project(fast, latent), motion), ""),
        (render_plainly, (plain, latent, motion), PLAIN),
    ):
        yield Case(name, function, given, f"{GROUP}{ending}", pictures=frames)


def _reenactment(model: Model, side: int, frames: int, pixels: int) -> Case:
    """A driver's pictures [frames, H, W, 3] to as many of the person of the sources."""
    options = MotionOptions(relative=True)
    shape = (frames, model.image_size, model.image_size, 3)
    driver = np.random.default_rng(0).integers(0, 256, shape, np.uint8)

    def reenact(model: Model, memory: PyTree, source: Motion, driver: Array) -> Array:
        driving = describe_pictures(model, driver, None)
        driven = transfer_jit(source, driving, driving.frame(0), options=options)
        return decode_tiles(model, memory, driven, (side, side), pixels)

    source = jax.tree.map(lambda rows: rows[0], random_motion(model, 1))
    given = (model, project(model, random_latent(model)), source, driver)
    name = f"reenact, {_of_frames(frames, side)}"
    return Case(name, reenact, given, GROUP, pictures=frames)


def _of_frames(frames: int, side: int) -> str:
    several = f"{frames} frames of " if frames > 1 else ""
    return f"{several}{side * side} queries"


@jax.jit
def project(model: Model, latent: Array) -> PyTree:
    """A set latent as the decoder's memory, see ``Decoder.project``."""
    weights = model.variables["decoder"]
    return apply(model.networks.decoder, weights, latent, method=Decoder.project)


def _training(sizes: Sizes, networks: Mapping[str, Any]) -> Iterator[Case]:
    """Loss and gradient of phase 1, of all networks that are trained in it."""
    name = f"training, {sizes.rows} items of {sizes.queries} queries"
    for form, ending in zip(FORMS, ("", PLAIN), strict=True):
        task = FsrtTask(
            networks={**networks, "form": form},
            num_pixels=sizes.queries,
            phase3_start=None,
        )
        variables = random_model(networks, form).variables
        trained = {name: variables[name] for name in task.trained}
        frozen = {name: variables[name] for name in variables if name not in trained}
        batch = _batch(sizes.rows, task.modules.image_size)
        given = (trained, frozen, batch, jax.random.key(0))
        yield Case(name, _gradients(task), given, f"{GROUP}{ending}")


def _gradients(task: FsrtTask) -> Callable[..., PyTree]:
    def gradients(
        trained: Variables, frozen: Variables, batch: Batch, key: Array
    ) -> PyTree:
        def loss(trained: Variables) -> Array:
            variables = {**frozen, **trained}
            return task.generator_loss(variables, batch, key, {}, phase="phase1")[0]

        return jax.value_and_grad(loss)(trained)

    return gradients


def _batch(rows: int, side: int) -> dict[str, np.ndarray]:
    """One source and one driving frame for each item."""
    shapes = {
        name: jax.ShapeDtypeStruct((rows, 1, side, side, 3), np.uint8)
        for name in (
            "source_images",
            "source_images_uncropped",
            "driving_images",
            "driving_images_uncropped",
            "driving_expression_crops",
        )
    }
    shapes |= {
        "keypoint_scale": jax.ShapeDtypeStruct((rows, 2), np.float32),
        "keypoint_shift": jax.ShapeDtypeStruct((rows, 2), np.float32),
        "color_factors": jax.ShapeDtypeStruct((rows, 3, 4), np.float32),
        "color_order": jax.ShapeDtypeStruct((rows, 3, 4), np.int32),
    }
    return made_up_batch(shapes)
