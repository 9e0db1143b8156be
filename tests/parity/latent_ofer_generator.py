"""Latent-OFER's refinement of reconstructions: attention, generator, training losses."""

from collections.abc import Iterator, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.convert.engine import to_variables
from face_jax.latent_ofer.assembly_rules import RULES
from face_jax.latent_ofer.folding import fold_generator
from face_jax.latent_ofer.generator import ReconstructionGenerator, network_input
from face_jax.latent_ofer.generator_table import generator_table
from face_jax.latent_ofer.matching import (
    feature_holes,
    largest_similarity,
    most_similar,
    unit_vectors,
)
from face_jax.latent_ofer.self_assembly import coherent_attention, self_assembly
from face_jax.losses.pixel import mean_squared_error
from tests.parity import folded
from tests.parity.fixture import Check, Fixture, Part
from tests.parity.smirk_networks import channels_first, inside, shapes_of

CROP = (slice(150, 182), slice(100, 132))
"""Rows and columns that ``fake_B_crop`` stores."""


def csa_attention(fixture: Fixture) -> Iterator[Check]:
    """Coherent semantic attention and its gradient."""
    holes = feature_holes(picture_holes(fixture, "mask256"))
    filled, pull = jax.vjp(
        jax.jit(lambda x: coherent_attention(x, holes)),
        channels_last(fixture, "feature"),
    )
    yield from compare(fixture, "csa", channels_first(filled))
    (gradient,) = pull(channels_last(fixture, "grad_out"))
    yield from compare(fixture, "grad_feature", channels_first(gradient))


def hybrid_attention(fixture: Fixture) -> Iterator[Check]:
    """Self-assembly, what it matches, its gradients, and the consistency loss."""
    features, flipped = (channels_last(fixture, n) for n in ("feature", "flip_feature"))
    holes = feature_holes(picture_holes(fixture, "mask256"))
    yield Check("mask32", holes[0], fixture.outputs["mask32"], 0)
    filled, pull = jax.vjp(
        jax.jit(lambda *x: self_assembly(*x, holes, RULES["reference"])),
        features,
        flipped,
    )
    yield from compare(fixture, "hybrid", channels_first(filled))
    gradient, none = pull(channels_last(fixture, "grad_out"))
    yield from compare(fixture, "grad_feature", channels_first(gradient))
    yield Check("gradient of the flipped", none, np.zeros(none.shape), 0)
    yield from matches(fixture, features[0], flipped[0], holes[0].reshape(-1))
    target = channels_last(fixture, "vgg_target")
    loss = mean_squared_error(features * holes[..., None], target)[0]
    yield from compare(fixture, "innercos_loss", loss)


def matches(fixture: Fixture, features, flipped, hole) -> Iterator[Check]:
    """The best known position of every one in the hole, and largest similarities."""
    flat, mirror = (x.reshape(-1, x.shape[-1]) for x in (features, flipped))
    unit, masked = unit_vectors(flat), np.flatnonzero(hole)
    found = most_similar(unit, flat, ~hole)[masked]
    similarity = jnp.sum(unit[found] * flat[masked], axis=-1)
    yield Check("masked_flat", masked, fixture.outputs["masked_flat"], 0)
    yield Check("known_argmax_flat", found, fixture.outputs["known_argmax_flat"], 0)
    yield from compare(fixture, "known_vmax", similarity)
    yield from compare(fixture, "flip_vmax_all", largest_similarity(unit, mirror))


def hybrid_generator(fixture: Fixture) -> Iterator[Check]:
    """The generator, and its features before and after self-assembly."""
    network = build_generator(fixture)
    given = scene(fixture)
    variables = load(fixture, {"generator": ("", network, *given)})["generator"]
    seen = channels_first(network_input(*given, flips_colors=True))
    yield from compare(fixture, "middle_sub", seen[:, :6, ::16, ::16])
    run = jax.jit(lambda v, *x: inside(network, ("down_3",), v, *x))
    refined, found = run(variables, *given)
    images = channels_first(refined.images)
    yield from compare(fixture, "fake_B_sub4", images[:, :, ::4, ::4])
    yield from compare(fixture, "fake_B_crop", images[:, :, *CROP])
    yield from compare_sampled(fixture, "fake_B", images)
    yield from compare_sampled(fixture, "pre_attn", channels_first(found["down_3"]))
    assembled = channels_first(refined.assembled)
    yield from compare_sampled(fixture, "post_attn", assembled)
    yield Check("mask32", refined.holes[0], fixture.outputs["mask32"], 0)
    checks = folded.network_checks(network, fold_generator, variables, given, refined)
    yield from checks


def build_generator(fixture: Fixture) -> ReconstructionGenerator:
    """The published network at the file's size."""
    config = fixture.config
    return ReconstructionGenerator(
        width=config.get("ngf", ReconstructionGenerator.width),
        levels=config.get("num_downs", ReconstructionGenerator.levels),
        compat="reference",
    )


def scene(fixture: Fixture) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Pictures, coarse reconstructions and holes."""
    images, coarse = (channels_last(fixture, name) for name in ("gt", "coarse"))
    return images, coarse, picture_holes(fixture, "mask")


def picture_holes(fixture: Fixture, name: str) -> jax.Array:
    """A mask [H, W] as holes [1, H, W]."""
    return jnp.asarray(fixture.inputs[name][None] > 0)


def load(
    fixture: Fixture, networks: Mapping[str, tuple[str, nn.Module, *tuple[Any, ...]]]
) -> dict[str, Any]:
    """Variables from the file's published weights.

    Args:
      fixture: the file.
      networks: by name, what published names begin with, the module and its inputs.
    """
    table, shapes = {}, {}
    for name, (prefix, module, *inputs) in networks.items():
        shapes[name] = shapes_of(module, *inputs)
        table |= generator_table(shapes[name], name, prefix)
    prefixes = tuple(prefix for prefix, *_ in networks.values())
    weights = {k: v for k, v in fixture.state_dict.items() if k.startswith(prefixes)}
    return to_variables(weights, table, shapes)


def channels_last(fixture: Fixture, name: str) -> jax.Array:
    """An input [B, C, H, W] as [B, H, W, C]."""
    return jnp.asarray(fixture.inputs[name].transpose(0, 2, 3, 1))


def compare_sampled(fixture: Fixture, name: str, value: np.ndarray) -> Iterator[Check]:
    """Checks the stored entries of a flattened output."""
    flat = value.reshape(-1)[fixture.outputs[f"{name}_idx"]]
    yield from compare(fixture, f"{name}_val", flat)


def compare(fixture: Fixture, name: str, value: Any) -> Iterator[Check]:
    """Checks an output within the stated share of its entries and of its spread."""
    expected = fixture.outputs[name]
    yield Check(name, value, expected, tolerance(fixture.meta["tol"], expected))


def tolerance(stated: Mapping[str, Any], expected: np.ndarray) -> np.ndarray:
    """Shares of every entry and of the deviation of all."""
    share = float(stated["atol"].split("*")[0])
    return float(stated["rtol"]) * np.abs(expected) + share * expected.std()


PARTS: dict[str, Part] = {
    "csa_attention": csa_attention,
    "hybrid_attention": hybrid_attention,
    "hybrid_generator": hybrid_generator,
}
