"""FSRT's networks on published weights: names, conversion, forward pass, numbers."""

from collections.abc import Iterator
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.convert import from_published
from face_jax.fsrt.decoder import SMALL_DECODER, Decoder
from face_jax.fsrt.discriminator import Discriminator
from face_jax.fsrt.encoder import Encoder
from face_jax.fsrt.encoding import pixel_grid
from face_jax.fsrt.expression import ExpressionEncoder
from face_jax.fsrt.keypoints import KeypointDetector
from face_jax.geometry.keypoints import transfer_keypoints
from face_jax.losses.perceptual import feature_l1
from face_jax.nn.vgg import VggFeatures
from tests.parity.fixture import Check, Fixture, Part

PERCEPTUAL_WEIGHT = 0.01


def load(fixture: Fixture, name: str, module: nn.Module, *inputs: Any) -> Any:
    """Variables of one network from the file's published weights.

    Args:
      fixture: the file.
      name: the network's name among the variables.
      module: the network.
      *inputs: arrays or shape structs on which it is initialised.
    """
    shapes = jax.eval_shape(module.init, jax.random.key(0), *inputs)
    published = "kp_detector" if name == "keypoint_detector" else name
    weights = {
        key: value
        for key, value in fixture.state_dict.items()
        if key.startswith(f"{published}.")
    }
    return from_published(weights, {name: shapes})[name]


def channels_first(x: jax.Array) -> np.ndarray:
    """[B, H, W, C] to the published [B, C, H, W]."""
    return np.asarray(x).transpose(0, 3, 1, 2)


def octaves(config: dict[str, Any]) -> dict[str, int]:
    """Octave fields of encoder and decoder from a file's configuration."""
    fields = {}
    for theirs, ours in (("pix", "pixel"), ("kp", "keypoint")):
        for field in ("octaves", "start_octave"):
            if f"{theirs}_{field}" in config:
                fields[f"{ours}_{field}"] = config[f"{theirs}_{field}"]
    return fields


def build_encoder(config: dict[str, Any]) -> Encoder:
    """The encoder of a file's configuration."""
    with_expression = config.get("encode_with_expression", True)
    return Encoder(encode_with_expression=with_expression, **octaves(config))


def build_decoder(config: dict[str, Any]) -> Decoder:
    """The decoder of a file's configuration."""
    fields = SMALL_DECODER if config.get("small_decoder", False) else {}
    return Decoder(**fields, **octaves(config))


def keypoint_detector(fixture: Fixture) -> Iterator[Check]:
    """Keypoints, feature map, logits and heatmaps."""
    images = fixture.image("image_u8")
    config = fixture.config
    detector = KeypointDetector(
        num_keypoints=config["num_kp"],
        temperature=config["temperature"],
        scale_factor=config["scale_factor"],
    )
    variables = load(fixture, "keypoint_detector", detector, images)
    found = jax.jit(detector.apply)(variables, images)
    logits = detector.apply(variables, found.feature_map, method="logits")
    expected = fixture.outputs["keypoints"]
    atol = fixture.meta.get("atol_keypoints", fixture.atol(expected))
    yield Check("keypoints", found.positions, expected, atol)
    for name, value in (
        ("feature_map", found.feature_map),
        ("heatmap", found.heatmap),
    ):
        yield from fixture.compare(name, channels_first(value), item_axes=1)
    logits = channels_first(logits)
    yield from fixture.compare("logits", logits, item_axes=1, index="heatmap_idx")


def expression_encoder(fixture: Fixture) -> Iterator[Check]:
    """Expression vectors of given feature maps and heatmaps."""
    config = fixture.config
    encoder = ExpressionEncoder(
        features_per_keypoint=config["expression_size_per_kp"],
        expression_size=config["expression_size"],
        num_keypoints=config["num_kp"],
    )
    inputs = [
        jnp.asarray(fixture.inputs[name]).transpose(0, 2, 3, 1)
        for name in ("feature_map", "heatmap")
    ]
    variables = load(fixture, "expression_encoder", encoder, *inputs)
    expression = jax.jit(encoder.apply)(variables, *inputs)
    yield from fixture.compare("expression", expression)


def encoder(fixture: Fixture) -> Iterator[Check]:
    """Set latent of any number of source images."""
    network = build_encoder(fixture.config)
    inputs = (
        fixture.image("image_u8"),
        fixture.inputs["keypoints"],
        fixture.inputs["expression"],
    )
    variables = load(fixture, "encoder", network, *inputs)
    set_latent = jax.jit(network.apply)(variables, *inputs)
    yield from fixture.compare("z", set_latent, item_axes=1)


def decoder(fixture: Fixture) -> Iterator[Check]:
    """Colours of query pixels, and the queries before they are rendered."""
    network = build_decoder(fixture.config)
    given = fixture.inputs
    inputs = (
        given["z"],
        given["pixels"][:, None],
        given["keypoints"][:, None],
        given["expression"][:, None],
    )
    variables = load(fixture, "decoder", network, *inputs)

    @jax.jit
    def run(
        variables: Any, set_latent: jax.Array, *query: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        bound = network.bind(variables)
        memory = bound.project(set_latent)
        return bound.query_features(memory, *query), bound.decode(memory, *query)

    features, rgb = run(variables, *inputs)
    yield from fixture.compare("query_features", features[:, 0])
    yield from fixture.compare("rgb", rgb[:, 0])


def discriminator(fixture: Fixture) -> Iterator[Check]:
    """Features, prediction map and keypoint heatmaps of images."""
    config = fixture.config
    network = Discriminator(
        block_expansion=config["block_expansion"],
        num_blocks=config["num_blocks"],
        max_features=config["max_features"],
        num_keypoints=config["num_kp"] if config["use_kp"] else 0,
        keypoint_variance=config["kp_variance"],
    )
    inputs = (fixture.image("image_u8"), fixture.inputs["keypoints"])
    variables = load(fixture, "discriminator", network, *inputs)
    ((features, prediction),) = jax.jit(network.apply)(variables, *inputs)
    yield from fixture.compare("prediction_map", channels_first(prediction))
    size = network.image_size
    heatmaps = channels_first(network.heatmaps(inputs[1], size, size))
    yield from fixture.compare("heatmap", heatmaps, item_axes=1)
    for index, feature in enumerate(features):
        name = f"feature{index}"
        yield from fixture.compare(name, channels_first(feature), item_axes=1)


def perceptual(fixture: Fixture) -> Iterator[Check]:
    """VGG features of one batch and the loss between two."""
    network = VggFeatures()
    prediction, target = fixture.image("pred_u8"), fixture.image("target_u8")
    variables = load(fixture, "vgg19", network, prediction)
    run = jax.jit(network.apply)
    features = run(variables, prediction)
    terms = feature_l1(features, run(variables, target))
    yield from fixture.compare("loss_terms", terms)
    yield from fixture.compare("loss", PERCEPTUAL_WEIGHT * terms.sum())
    for index, feature in enumerate(features):
        name = f"feature{index}"
        yield from fixture.compare(name, channels_first(feature), item_axes=1)


def end_to_end(fixture: Fixture) -> Iterator[Check]:
    """Source and driving images to colours, absolute and relative motion."""
    sources, driving = fixture.image("source_u8"), fixture.image("driving_u8")
    keypoints, expression = _describe(fixture, np.concatenate([sources, driving]))
    source, initial, current = _split(keypoints, len(sources))
    source_expression, _, driving_expression = _split(expression, len(sources))
    set_latent = _encode(fixture, sources, source, source_expression)
    relative = transfer_keypoints(
        source[0], current, initial[0], relative=True, adapt_scale=True
    )
    motion = jnp.concatenate([current, relative])
    rgb = _decode(fixture, set_latent, motion, driving_expression)
    actual = {
        "kp_source": source,
        "kp_driving_initial": initial,
        "kp_driving": current,
        "expr_source": source_expression,
        "expr_driving": driving_expression,
        "z": set_latent,
        "kp_absolute": current,
        "kp_relative_adapt": relative,
        "rgb_absolute": rgb[: len(current)],
        "rgb_relative_adapt": rgb[len(current) :],
    }
    for name, value in actual.items():
        if f"{name}_idx" not in fixture.outputs:
            value = value.reshape(fixture.outputs[name].shape)
        yield from fixture.compare(name, value)


def _split(x: jax.Array, sources: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Rows of the sources, of the initial driving frame and of the others."""
    return x[:sources], x[sources : sources + 1], x[sources + 1 :]


def _encode(
    fixture: Fixture, images: np.ndarray, keypoints: jax.Array, expression: jax.Array
) -> jax.Array:
    """Set latent [1, L, C] of source images."""
    network = build_encoder(fixture.config)
    inputs = (images[None], keypoints[None], expression[None])
    variables = load(fixture, "encoder", network, *inputs)
    return jax.jit(network.apply)(variables, *inputs)


def _decode(
    fixture: Fixture, set_latent: jax.Array, motion: jax.Array, expression: jax.Array
) -> jax.Array:
    """Colours [D, N, 3] of the file's pixels, each motion with the expressions."""
    pixels = pixel_grid(*fixture.inputs["driving_u8"].shape[1:3]).reshape(-1, 2)
    pixels = pixels[fixture.outputs["pixel_idx"]]
    repeated = jnp.tile(expression, (len(motion) // len(expression), 1))
    inputs = (set_latent, pixels, motion[None], repeated[None])
    network = build_decoder(fixture.config)
    variables = load(fixture, "decoder", network, *inputs)
    return jax.jit(network.apply)(variables, *inputs)[0]


def _describe(fixture: Fixture, images: np.ndarray) -> tuple[jax.Array, jax.Array]:
    """Keypoints and expression of each image."""
    detector = KeypointDetector()
    variables = load(fixture, "keypoint_detector", detector, images)
    found = jax.jit(detector.apply)(variables, images)
    network = ExpressionEncoder()
    inputs = (found.feature_map, found.heatmap)
    variables = load(fixture, "expression_encoder", network, *inputs)
    return found.positions, jax.jit(network.apply)(variables, *inputs)


PARTS: dict[str, Part] = {
    "kp_detector": keypoint_detector,
    "expression_encoder": expression_encoder,
    "encoder": encoder,
    "decoder": decoder,
    "discriminator": discriminator,
    "vgg_perceptual": perceptual,
    "e2e": end_to_end,
}
