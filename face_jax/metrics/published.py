"""Published files that LPIPS (arXiv 1801.03924) is made of: a backbone and five layers."""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from face_jax.convert.engine import Entry, Table, entry_of
from face_jax.convert.kinds import Kind, Settings
from face_jax.convert.layouts import CHANNEL_WEIGHTS
from face_jax.convert.torchvision import alexnet_table, vgg_table
from face_jax.metrics.lpips import Backbone, Lpips
from face_jax.types import Variables

BACKBONES: dict[str, Backbone] = {"lpips_alex": "alex", "lpips_vgg16": "vgg16"}
"""By the names of their kinds, which are those of the networks too."""

FILES = {"alex": ("alexnet", "alex"), "vgg16": ("vgg16", "vgg")}
"""Names of the files of the backbone and of the layers."""

TITLES = {"alex": "AlexNet", "vgg16": "VGG-16"}


def kind(name: str) -> Kind:
    """A kind of ``face_jax.published`` by its name."""
    backbone = BACKBONES[name]
    table = functools.partial(_table, name)
    files = FILES[backbone]
    return Kind(
        title=f"LPIPS: {TITLES[backbone]} of torchvision, and {files[1]}.pth of LPIPS",
        system="weights",
        terms="LPIPS and torchvision are under BSD licences; trained on ImageNet",
        settings=({},),
        shapes=functools.partial(_shapes, name),
        required=(name,),
        names=lambda weights, shapes: entry_of(weights, table(shapes)),
        table=table,
        place=lambda published: (files[not _is_of_backbone(published)], published),
        ignored=(r"classifier\..*",),
    )


def _shapes(name: str, settings: Settings) -> Variables:
    del settings
    network, image = Lpips(BACKBONES[name]), jnp.zeros((1, 64, 64, 3))
    return {name: jax.eval_shape(network.init, jax.random.key(0), image, image)}


def _table(name: str, variables: Mapping[str, Any]) -> Table:
    params, root = variables[name]["params"], (name, "params")
    features = (*root, "features")
    if BACKBONES[name] == "alex":
        table = alexnet_table(features)
    else:
        table = vgg_table("vgg16", params["features"], features)
    layers = [layer for layer in params if layer.startswith("linear_")]
    return table | {
        f"lin{layer.removeprefix('linear_')}.model.1.weight": Entry(
            (*root, layer), CHANNEL_WEIGHTS
        )
        for layer in layers
    }


def _is_of_backbone(published: str) -> bool:
    return published.startswith("features.")
