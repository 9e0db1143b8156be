"""Published SMIRK weights to variables and back.

SMIRK's checkpoint holds the encoders and the generator. The networks of its losses come
in files of their own: EMOCA's ResNet-50 (``state_dict`` of a Lightning checkpoint), MICA
(``arcface`` and ``flameModel``) and torchvision's ``vgg16``. The encoders' backbones
are trained from timm's ImageNet weights.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from face_jax.convert.engine import flatten
from face_jax.convert.engine import to_published as engine_to_published
from face_jax.convert.engine import to_variables as engine_to_variables
from face_jax.smirk.published_table import mobilenet_v3, published_table
from face_jax.types import Params, Variables

WRAPPERS = ("module.", "state_dict.")
"""Beginnings of names that say nothing about the network."""

MICA_MODEL = "flameModel."
"""Beginning of the names of MICA's mapping, and of much that is not needed."""

TRAINING_STATE = (
    "epoch",
    "global_step",
    "pytorch-lightning_version",
    "callbacks",
    "optimizer_states",
    "lr_schedulers",
    "hparams_name",
    "hparams_type",
    "hyper_parameters",
    "loops",
    "native_amp_scaling_state",
)
"""Entries of a Lightning checkpoint that are no weights."""

IGNORED = (
    r".*\.num_batches_tracked",
    r"backbone\.fc\..*",
    r"linear\..*",
    rf"{re.escape(MICA_MODEL)}.*",
    r"features\.(24|26|28)\..*",
    r"classifier\..*",
    *(rf"{name}(\..*)?" for name in TRAINING_STATE),
)
"""Arrays that may be there and have no use: counters of batch norms, classifiers, the
rest of MICA, layers of VGG behind the last feature map (relu4_3)."""

IGNORED_OF_TIMM = (
    r".*\.num_batches_tracked",
    r"conv_head\..*",
    r"classifier\..*",
)
"""What a classifier has behind the feature maps."""


def from_published(
    weights: Mapping[str, Any], target: Variables, ignore: Collection[str] = ()
) -> dict[str, Any]:
    """Converts published weights.

    Args:
      weights: numpy arrays by published name, flat or as nested dictionaries; merge
        dictionaries to convert several files at once.
      target: variables or shape structs of the networks that are wanted, by network:
        ``pose_encoder``, ``shape_encoder``, ``expression_encoder``, ``generator``,
        ``emotion``, ``mica``, ``vgg16``.
      ignore: beginnings of published names to leave out, whole parts of them:
        ``smirk_generator``, ``smirk_encoder.pose_encoder``.

    Returns:
      ``{network: {"params": ..., "batch_stats": ...}}``, float32 numpy arrays.

    Raises:
      ConversionError: anything is missing, unknown or of another shape; the message
        names it and what is nearest.
      ValueError: a network is not one of SMIRK's.
    """
    wanted = {
        name: array
        for name, array in published_names(weights).items()
        if not any(f"{name}.".startswith(f"{start}.") for start in ignore)
    }
    return engine_to_variables(wanted, published_table(target), target, IGNORED)


def to_published(variables: Variables) -> dict[str, np.ndarray]:
    """Published names and axis orders of variables: the inverse of the above.

    Args:
      variables: ``{network: {"params": ..., "batch_stats": ...}}``, any of the networks.

    Returns:
      float32 numpy arrays by published name.

    Raises:
      ConversionError: a variable has no published counterpart.
      ValueError: a network is not one of SMIRK's.
    """
    return engine_to_published(variables, published_table(variables))


def backbone_from_timm(weights: Mapping[str, Any], target: Params) -> dict[str, Any]:
    """Converts timm's weights of ``tf_mobilenetv3_{small,large}_minimal_100``.

    Args:
      weights: numpy arrays by timm's names.
      target: variables or shape structs of a ``MobileNetV3``.

    Returns:
      ``{"params": ..., "batch_stats": ...}``, float32 numpy arrays: what the
      ``backbone`` of an encoder starts training from.

    Raises:
      ConversionError: as for ``from_published``.
    """
    table = mobilenet_v3("", target["params"], ("backbone", "params"))
    networks = {"backbone": target}
    return engine_to_variables(weights, table, networks, IGNORED_OF_TIMM)["backbone"]


def published_names(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Flat weights by published name, from any of the accepted forms."""
    names: dict[str, Any] = {}
    for path, value in flatten(weights).items():
        name = ".".join(map(str, path))
        for wrapper in WRAPPERS:
            name = name.removeprefix(wrapper)
        if name.startswith(f"{MICA_MODEL}regressor."):
            name = name.removeprefix(MICA_MODEL)
        names[name] = value
    return names
