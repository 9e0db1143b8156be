"""Published files that LPIPS (arXiv 1801.03924) and FID (arXiv 1706.08500) are made of."""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.convert.engine import ConversionError, Entry, Table, entry_of
from face_jax.convert.kinds import Kind, Settings
from face_jax.convert.layouts import CHANNEL_WEIGHTS
from face_jax.convert.torchvision import alexnet_table, inception_table, vgg_table
from face_jax.metrics.lpips import Backbone, Lpips
from face_jax.nn.inception_v3 import InceptionV3
from face_jax.types import Variables

BACKBONES: dict[str, Backbone] = {"lpips_alex": "alex", "lpips_vgg16": "vgg16"}
"""By the names of their kinds, which are those of the networks too."""

FILES = {"alex": ("alexnet", "alex"), "vgg16": ("vgg16", "vgg")}
"""Names of the files of the backbone and of the layers."""

TITLES = {"alex": "AlexNet", "vgg16": "VGG-16"}

INCEPTION = "inception"
"""Name of the kind, and of its network."""

INCEPTION_FILE = "pt_inception-2015-12-05-6726825d"
CLASSIFIER, CLASSES = "fc.weight", 1008
"""An array of the file that features do not need; TensorFlow's graph has so many rows."""


def kind(name: str) -> Kind:
    """A kind of ``face_jax.published`` by its name."""
    return _inception() if name == INCEPTION else _lpips(name)


def _inception() -> Kind:
    return Kind(
        title=f"Inception-v3 of FID, ported to PyTorch ({INCEPTION_FILE}.pth)",
        system="weights",
        terms="TensorFlow and the port are under the Apache licence 2.0; trained on "
        "ImageNet",
        settings=({"network": {}},),
        shapes=_inception_shapes,
        required=(INCEPTION,),
        names=_inception_names,
        table=_inception_table,
        place=lambda published: (INCEPTION_FILE, published),
        ignored=(r"fc\..*", r".*\.num_batches_tracked"),
    )


def _inception_shapes(settings: Settings) -> Variables:
    network, image = InceptionV3(**settings["network"]), jnp.zeros((1, 8, 8, 3))
    return {INCEPTION: jax.eval_shape(network.init, jax.random.key(0), image)}


def _inception_names(weights: Mapping[str, Any], shapes: Variables) -> dict[str, Any]:
    """All names, where the classifier is not that of another training.

    Raises:
      ConversionError: it has another number of classes.
    """
    found = entry_of(weights, _inception_table(shapes))
    shape = np.shape(found[CLASSIFIER]) if CLASSIFIER in found else (CLASSES,)
    if shape[:1] != (CLASSES,):
        raise ConversionError(
            [
                f"{CLASSIFIER}: expected the {CLASSES} classes of FID's Inception-v3, got "
                f"shape {list(shape)}; features of other weights give another distance"
            ]
        )
    return found


def _inception_table(variables: Mapping[str, Any]) -> Table:
    return inception_table(variables[INCEPTION]["params"], (INCEPTION, "params"))


def _lpips(name: str) -> Kind:
    backbone = BACKBONES[name]
    table = functools.partial(_lpips_table, name)
    files = FILES[backbone]
    return Kind(
        title=f"LPIPS: {TITLES[backbone]} of torchvision, and {files[1]}.pth of LPIPS",
        system="weights",
        terms="LPIPS and torchvision are under BSD licences; trained on ImageNet",
        settings=({},),
        shapes=functools.partial(_lpips_shapes, name),
        required=(name,),
        names=lambda weights, shapes: entry_of(weights, table(shapes)),
        table=table,
        place=lambda published: (files[not _is_of_backbone(published)], published),
        ignored=(r"classifier\..*",),
    )


def _lpips_shapes(name: str, settings: Settings) -> Variables:
    del settings
    network, image = Lpips(BACKBONES[name]), jnp.zeros((1, 64, 64, 3))
    return {name: jax.eval_shape(network.init, jax.random.key(0), image, image)}


def _lpips_table(name: str, variables: Mapping[str, Any]) -> Table:
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
