"""Published FSRT weights to variables and back.

Networks are published as ``encoder``, ``decoder``, ``expression_encoder`` and
``discriminator`` in one checkpoint, ``kp_detector`` in a file of its own (the first-order
motion model's detector), and the perceptual network as torchvision's ``vgg19``.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from face_jax.convert.engine import flatten, without_constants
from face_jax.convert.engine import to_published as engine_to_published
from face_jax.convert.engine import to_variables as engine_to_variables
from face_jax.fsrt.keypoints import KeypointDetector
from face_jax.fsrt.published_table import PUBLISHED_NETWORKS, published_table
from face_jax.nn.resample import gaussian_kernel
from face_jax.types import Variables

FILES_OF_ONE_NETWORK = {
    "predictor": "kp_detector",
    "kp": "kp_detector",
    "down": "kp_detector",
    "jacobian": "kp_detector",
    "features": "vgg19",
    "classifier": "vgg19",
}
"""First parts of names in files that hold one network and do not say which."""

TRAINING_STATE = (
    "optimizer",
    "optimizer_disc",
    "epoch_it",
    "it",
    "t",
    "loss_val_best",
    "run_id",
)
"""Entries of a training checkpoint that are no weights."""

BAND_LIMIT_KERNEL = "kp_detector.down.weight"

IGNORED = (
    r".*\.num_batches_tracked",
    r"kp_detector\.jacobian\..*",
    r"vgg19\.features\.(30|32|34)\..*",
    r"vgg19\.classifier\..*",
    *(rf"{name}(\..*)?" for name in TRAINING_STATE),
)
"""Arrays that may be there and have no use: counters of batch norms, the Jacobian
head of the detector's ancestor, layers of VGG behind the last feature map (relu5_1)."""


def from_published(
    weights: Mapping[str, Any], target: Variables, ignore: Collection[str] = ()
) -> dict[str, Any]:
    """Converts published weights.

    Args:
      weights: numpy arrays by ``<network>.<name>``, flat or as nested dictionaries; a
        leading ``module.`` is dropped. The keypoint detector's and torchvision's own
        files, without a network's name, will do as well; merge dictionaries to
        convert several files at once.
      target: variables or shape structs of the networks that are wanted, by network.
      ignore: published names of networks (or other top-level entries) to leave out.

    Returns:
      ``{network: {"params": ..., "batch_stats": ...}}``, float32 numpy arrays.

    Raises:
      ConversionError: anything is missing, unknown or of another shape; the message
        names it and what is nearest.
    """
    flat = {
        name: array
        for name, array in published_names(weights).items()
        if name.split(".")[0] not in ignore
    }
    flat = without_constants(flat, constants())
    return engine_to_variables(flat, published_table(target), target, IGNORED)


def to_published(variables: Variables) -> dict[str, np.ndarray]:
    """Published names and axis orders of variables: the inverse of the above.

    Args:
      variables: ``{network: {"params": ...}}``, any of the networks.

    Returns:
      float32 numpy arrays by ``<network>.<name>``.

    Raises:
      ConversionError: a variable has no published counterpart.
    """
    return engine_to_published(variables, published_table(variables))


def published_names(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Flat weights by full published name, from any of the accepted forms."""
    names: dict[str, Any] = {}
    for path, value in flatten(weights).items():
        parts = ".".join(path).split(".")
        # A wrapper for parallel training adds "module", outside or inside a network.
        parts = [p for i, p in enumerate(parts) if p != "module" or i > 1]
        network = FILES_OF_ONE_NETWORK.get(parts[0])
        names[".".join([network, *parts] if network else parts)] = value
    return names


def constants() -> dict[str, np.ndarray]:
    """The detector's blur, float32 [3, 1, 13, 13], which its file holds as a weight."""
    weights = gaussian_kernel(KeypointDetector.scale_factor)
    kernel = np.outer(weights, weights).astype(np.float32)
    return {BAND_LIMIT_KERNEL: np.broadcast_to(kernel, (3, 1, *kernel.shape)).copy()}


def weights_of(network: str, weights: Mapping[str, Any]) -> dict[str, Any]:
    """Those of one network, by full published name.

    Args:
      network: one of ``published_table.PUBLISHED_NETWORKS``.
      weights: any of the accepted forms, with other networks or without.
    """
    start = f"{PUBLISHED_NETWORKS[network]}."
    names = published_names(weights)
    return {name: array for name, array in names.items() if name.startswith(start)}
