"""Published files of FSRT (arXiv 2404.09736) as ``face-jax convert`` takes them."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from face_jax.convert.kinds import Kind, Settings
from face_jax.fsrt.convert import IGNORED, constants, published_names, weights_of
from face_jax.fsrt.published_table import PUBLISHED_NETWORKS, published_table
from face_jax.fsrt.task import FsrtTask
from face_jax.nn.vgg import VggFeatures
from face_jax.types import Variables

DETECTOR = "keypoint_detector"
"""The network that is published in a file of its own."""


def kind(name: str) -> Kind:
    """A kind of ``face_jax.published`` by its name."""
    return {"fsrt": _fsrt, "vgg19": _vgg19}[name]()


def _fsrt() -> Kind:
    return Kind(
        title="FSRT: a checkpoint or release, and kp_detector.pt",
        system="fsrt",
        terms="FSRT states no licence; the detector is the first-order motion model's",
        settings=({"networks": {}}, {"networks": {"small_decoder": True}}),
        shapes=_shapes,
        required=("encoder", "decoder", "expression_encoder", DETECTOR),
        names=_names,
        table=published_table,
        place=_place,
        ignored=IGNORED,
        constants=constants(),
        optional=("discriminator",),
    )


def _vgg19() -> Kind:
    return Kind(
        title="VGG-19 of torchvision",
        system="weights",
        terms="torchvision is under the BSD licence; trained on ImageNet",
        settings=({},),
        shapes=_vgg19_shapes,
        required=("vgg19",),
        names=lambda weights, shapes: published_names(weights),
        table=published_table,
        place=lambda name: tuple(name.split(".", maxsplit=1)),
        ignored=IGNORED,
    )


def _shapes(settings: Settings) -> Variables:
    task = FsrtTask(**settings, phase3_start=0)
    return jax.eval_shape(lambda key: task.init(key, {}), jax.random.key(0))


def _vgg19_shapes(settings: Settings) -> Variables:
    del settings
    image = jax.ShapeDtypeStruct((1, 64, 64, 3), np.float32)
    return {"vgg19": jax.eval_shape(VggFeatures().init, jax.random.key(0), image)}


def _names(weights: Mapping[str, Any], shapes: Variables) -> dict[str, Any]:
    """A first-order motion model has other networks, of which only one is wanted."""
    del shapes
    detector, encoder = (weights_of(n, weights) for n in (DETECTOR, "encoder"))
    return detector if detector and not encoder else published_names(weights)


def _place(name: str) -> tuple[str, ...]:
    network, _, rest = name.partition(".")
    if network == PUBLISHED_NETWORKS[DETECTOR]:
        return (network, rest)
    return ("model", network, rest)
