"""SMIRK's networks on published weights: names, conversion, forward pass, numbers."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import flax.linen as nn
import jax
import numpy as np

from face_jax.convert.engine import to_variables
from face_jax.nn.folding import fold_batch_norms
from face_jax.nn.mobilenet_v3 import MobileNetV3
from face_jax.nn.resnet import BottleneckResNet
from face_jax.smirk.convert import from_published
from face_jax.smirk.emotion import emotion_loss, feature_distance
from face_jax.smirk.encoder import EncodedFace, Encoders, encode
from face_jax.smirk.folding import fold_encoder
from face_jax.smirk.generator import Generator
from face_jax.smirk.mica import Mica
from face_jax.smirk.perceptual import (
    perceptual_features,
    perceptual_network,
    perceptual_terms,
)
from face_jax.smirk.published_table import mobilenet_v3
from tests.parity import folded
from tests.parity.fixture import Check, Fixture, Part

SHARE = 1e-4
"""Stated tolerance: a share of the value and as much of the array's scale."""


def mobilenet(fixture: Fixture) -> Iterator[Check]:
    """Five feature maps of a backbone, and the mean of the last."""
    variant = fixture.path.stem.split("_")[-1]
    network = MobileNetV3(variant)
    images = picture(fixture, "img")
    shapes = {"backbone": shapes_of(network, images)}
    (stem,) = (k for k in fixture.state_dict if k.endswith("conv_stem.weight"))
    published = stem.removesuffix("conv_stem.weight")
    params = shapes["backbone"]["params"]
    table = mobilenet_v3(published, params, ("backbone", "params"))
    ignored = [r".*\.num_batches_tracked"]
    variables = to_variables(fixture.state_dict, table, shapes, ignored)["backbone"]
    maps = jax.jit(network.apply)(variables, images)
    for index, found in enumerate(maps):
        yield from compare(fixture, f"feat{index}", channels_first(found))
    yield from compare(fixture, "pooled", maps[-1].mean(axis=(1, 2)))
    yield from folded.network_checks(network, fold_encoder, variables, (images,), maps)


def encoder(fixture: Fixture) -> Iterator[Check]:
    """Everything that the three encoders estimate, and expressions unlimited."""
    encoders = Encoders()
    images = picture(fixture, "img")
    modules = {name: getattr(encoders, name) for name in encoders.names}
    variables = load(fixture, {name: (m, images) for name, m in modules.items()})
    expression_encoder = encoders.expression_encoder

    @jax.jit
    def run(variables: Any, images: jax.Array) -> tuple[EncodedFace, jax.Array]:
        face, _ = encode(encoders, variables, images)
        weights = variables["expression_encoder"]
        _, found = inside(expression_encoder, ("head",), weights, images)
        return face, found["head"]

    face, raw = run(variables, images)
    yield from compare(fixture, "cam", face.camera)
    for name in ("pose", "shape", "expression", "eyelid", "jaw"):
        field = f"{name}_params"
        yield from compare(fixture, field, getattr(face.head, field))
    yield from compare(fixture, "expression_head_raw", raw)
    made = {name: fold_encoder(variables[name]) for name in modules}
    clones = {name: module.clone(folded=True) for name, module in modules.items()}
    run_folded = jax.jit(lambda *given: encode(Encoders(**clones), *given)[0])
    yield from folded.checks(run_folded(made, images), face)


def generator(fixture: Fixture) -> Iterator[Check]:
    """The picture, the numbers before the last activation, and the lowest map."""
    network = Generator()
    x = picture(fixture, "x")
    rendered, masked = x[..., :3], x[..., 3:]
    variables = load(fixture, {"generator": (network, rendered, masked)})["generator"]
    lowest = f"residual_{network.residual_blocks - 1}"
    run = jax.jit(functools.partial(inside, network, (lowest, "out")))
    image, found = run(variables, rendered, masked)
    yield from compare(fixture, "image", channels_first(image))
    yield from compare(fixture, "logits", channels_first(found["out"]))
    yield from compare(fixture, "bottleneck", channels_first(found[lowest]))
    given = rendered, masked
    yield from folded.network_checks(network, fold_batch_norms, variables, given, image)


def emotion(fixture: Fixture) -> Iterator[Check]:
    """Features of two batches and the distances between them."""
    network = BottleneckResNet()
    made, target = (picture(fixture, name) for name in ("gen", "tar"))
    variables = load(fixture, {"emotion": (network, made)})["emotion"]
    run = jax.jit(network.apply)
    features = run(variables, made), run(variables, target)
    for name, found in zip(("features_x", "features_y"), features, strict=True):
        yield from compare(fixture, name, found)
    for theirs, ours in (("l2", "l2"), ("l1", "l1"), ("cos", "cosine")):
        distance = feature_distance(*features, ours)
        yield from compare(fixture, f"loss_{theirs}", distance)
    loss = jax.jit(emotion_loss, static_argnums=0)(network, variables, made, target)
    mean = fixture.outputs["loss_l2"].mean()
    yield Check("mean of loss_l2", loss, mean, tolerance(mean))


def mica(fixture: Fixture) -> Iterator[Check]:
    """Coefficients, the identity embedding, and the map after the first stage."""
    network = Mica()
    images = picture(fixture, "img")
    variables = load(fixture, {"mica": (network, images)})["mica"]
    stage = "stage_0_block_2"
    run = jax.jit(functools.partial(inside, network, ("identity", stage)))
    shape, found = run(variables, images)
    yield from compare(fixture, "layer1", channels_first(found[stage]))
    yield from compare(fixture, "arcface_embedding", found["identity"])
    yield from compare(fixture, "shape_params", shape)
    loss = np.mean((fixture.inputs["pred_shape"] - np.asarray(shape)) ** 2)
    yield from compare(fixture, "mica_loss", loss)


def perceptual(fixture: Fixture) -> Iterator[Check]:
    """Feature maps of one picture and the distances to those of another."""
    x, y = (picture(fixture, name) for name in ("x", "y"))
    variables = load(fixture, {"vgg16": (perceptual_network(), x)})["vgg16"]
    for index, found in enumerate(jax.jit(perceptual_features)(variables, x)):
        yield from compare(fixture, f"feat{index}_x", channels_first(found))
    terms = jax.jit(perceptual_terms)(variables, x, y)
    yield from compare(fixture, "block_l1", terms)
    yield from compare(fixture, "loss", terms.sum())


def load(fixture: Fixture, networks: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """Variables from the file's published weights.

    Args:
      fixture: the file.
      networks: by name, the module and the arrays on which it is initialised.
    """
    target = {name: shapes_of(*given) for name, given in networks.items()}
    return from_published(fixture.state_dict, target)


def shapes_of(module: nn.Module, *inputs: Any) -> Any:
    """Shape structs of a module's variables."""
    return jax.eval_shape(module.init, jax.random.key(0), *inputs)


def inside(
    module: nn.Module, names: tuple[str, ...], variables: Any, *inputs: Any
) -> tuple[Any, dict[str, jax.Array]]:
    """A module's result, and those of submodules at any depth by their names."""
    result, state = module.apply(
        variables,
        *inputs,
        capture_intermediates=lambda found, method: (
            method == "__call__" and found.name in names
        ),
        mutable=["intermediates"],
    )
    found = jax.tree_util.tree_leaves_with_path(state["intermediates"])
    return result, {_module_of(path): leaf for path, leaf in found}


def _module_of(path: Any) -> str:
    """The module in ``.../<module>/__call__/<number>``."""
    return path[-3].key


def picture(fixture: Fixture, name: str) -> np.ndarray:
    """An input [B, C, H, W] in [0, 1], stored so or in 8 bits, as [B, H, W, C]."""
    eight_bits = f"{name}_u8"
    if eight_bits in fixture.inputs:
        return fixture.image(eight_bits).transpose(0, 2, 3, 1)
    return fixture.inputs[name].transpose(0, 2, 3, 1)


def channels_first(x: jax.Array) -> np.ndarray:
    """[B, H, W, C] to the published [B, C, H, W]."""
    return np.asarray(x).transpose(0, 3, 1, 2)


def compare(fixture: Fixture, name: str, value: Any) -> Iterator[Check]:
    """Checks an output whole, or its stored entries, shape, mean and spread."""
    stored = fixture.outputs
    value, expected = np.asarray(value, np.float64), stored[name]
    index = stored.get(f"{name}__flat_index")
    sampled = value if index is None else value.reshape(-1)[index]
    yield Check(name, sampled, expected, tolerance(expected))
    if index is None:
        return
    yield Check(f"{name}__shape", value.shape, stored[f"{name}__shape"], 0)
    moments = stored[f"{name}__mean_std"]
    found = [value.mean(), value.std()]
    yield Check(f"{name}__mean_std", found, moments, tolerance(moments))


def tolerance(expected: np.ndarray) -> np.ndarray:
    """The stated tolerance of every entry."""
    return SHARE * (np.abs(expected) + np.abs(expected).max())


PARTS: dict[str, Part] = {
    "mobilenetv3": mobilenet,
    "encoder": encoder,
    "generator": generator,
    "emotion_resnet50": emotion,
    "mica": mica,
    "vgg_perceptual": perceptual,
}
