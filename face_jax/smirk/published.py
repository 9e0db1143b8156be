"""Published files of SMIRK (arXiv 2404.04104), its teachers and its backbones."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from face_jax.convert.engine import Table, entry_of
from face_jax.convert.kinds import Kind, Settings
from face_jax.heads import library
from face_jax.nn.mobilenet_v3 import MobileNetV3, Variant
from face_jax.smirk.convert import (
    IGNORED,
    IGNORED_OF_TIMM,
    MICA_MODEL,
    published_names,
)
from face_jax.smirk.networks import ENCODERS, build_networks, modules
from face_jax.smirk.published_table import mobilenet_v3, published_table
from face_jax.types import Variables

SMIRK = "smirk"

BACKBONES: dict[str, Variant] = {
    "mobilenet_v3_small": "small",
    "mobilenet_v3_large": "large",
}
"""Variants by the names of their kinds."""

BACKBONE = "backbone"
"""Network of a file of timm's."""

BSD = "torchvision is under the BSD licence; trained on ImageNet"

TEACHERS = {
    "mica": ("MICA's archive", "MICA's own; it has to be downloaded from there"),
    "emotion": ("EMOCA's emotion ResNet-50", "EMOCA's own; it needs a registration"),
    "vgg16": ("VGG-16 of torchvision", BSD),
}
"""Title and terms by network."""


def kind(name: str) -> Kind:
    """A kind of ``face_jax.published`` by its name."""
    if name == SMIRK:
        return _smirk()
    return _backbone(name) if name in BACKBONES else _teacher(name)


def _smirk() -> Kind:
    return Kind(
        title="SMIRK's encoders, and its generator (SMIRK_em1.pt)",
        system=SMIRK,
        terms="none are stated; the parameters are FLAME's, which has its own",
        settings=({"networks": {"num_shape": 300, "num_expression": 50}},),
        shapes=_shapes,
        required=ENCODERS,
        optional=("generator",),
        names=lambda weights, shapes: published_names(weights),
        table=published_table,
        place=lambda name: (SMIRK, name),
        ignored=IGNORED,
    )


def _teacher(network: str) -> Kind:
    title, terms = TEACHERS[network]

    def shapes(settings: Settings) -> Variables:
        return _initial_shapes(settings, (network,))

    return Kind(
        title=title,
        system="weights",
        terms=terms,
        settings=({},),
        shapes=shapes,
        required=(network,),
        names=lambda weights, shapes: published_names(weights),
        table=published_table,
        place=_place_of_teacher(network),
        ignored=IGNORED,
    )


def _place_of_teacher(network: str):
    def place(name: str) -> tuple[str, ...]:
        if network == "mica":
            entry, _, rest = name.partition(".")
            if entry == "arcface":
                return (network, entry, rest)
            return (network, MICA_MODEL.removesuffix("."), name)
        return (
            (network, "state_dict", name) if network == "emotion" else (network, name)
        )

    return place


def _backbone(name: str) -> Kind:
    variant = BACKBONES[name]
    network = MobileNetV3(variant=variant)

    def shapes(settings: Settings) -> Variables:
        del settings
        image = jnp.zeros((1, 64, 64, 3))
        return {BACKBONE: jax.eval_shape(network.init, jax.random.key(0), image)}

    def table(variables: Variables) -> Table:
        params = variables[BACKBONE]["params"]
        return mobilenet_v3("", params, (BACKBONE, "params"))

    def names(weights: Mapping[str, Any], shapes: Variables) -> dict[str, Any]:
        return entry_of(weights, table(shapes))

    return Kind(
        title=f"timm's tf_mobilenetv3_{variant}_minimal_100",
        system="weights",
        terms="timm is under the Apache licence 2.0; trained on ImageNet",
        settings=({},),
        shapes=shapes,
        required=(BACKBONE,),
        names=names,
        table=table,
        place=lambda published: (name, published),
        ignored=IGNORED_OF_TIMM,
    )


def _shapes(settings: Settings) -> Variables:
    head = settings["networks"].get("head", library.BUILT_IN)
    if head == library.BUILT_IN:
        raise ValueError(
            "networks.head: expected a file of FLAME that `face-jax prepare head` wrote, "
            "as the weights speak of its coefficients; give it by "
            "--set networks.head=FILE"
        )
    return _initial_shapes(settings, (*ENCODERS, "generator"))


def _initial_shapes(settings: Settings, names: tuple[str, ...]) -> Variables:
    known = modules(build_networks(**settings.get("networks", {})))
    return {
        name: jax.eval_shape(known[name][0].init, jax.random.key(0), *known[name][1])
        for name in names
    }
