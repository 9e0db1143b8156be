"""Weights that a training run starts from: published files, and earlier runs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from face_jax.convert.weight_files import open_weights
from face_jax.fsrt.convert import from_published, weights_of
from face_jax.fsrt.networks import Networks
from face_jax.nn.vgg import VggFeatures
from face_jax.train.checkpoints import load_network, load_variables
from face_jax.types import Array

RANDOM = "random"
"""Instead of a file: random values, the same ones in every run."""

_FIELDS = {
    "keypoint_detector": "task.keypoint_detector_weights",
    "vgg19": "task.vgg19_weights",
}


def load(
    networks: Networks, files: Mapping[str, str | None]
) -> dict[str, dict[str, Any]]:
    """Reads and converts published weights.

    Args:
      networks: the modules, for their shapes.
      files: network name to the path of a published file, see
        ``weight_files.open_weights``, to the folder of a checkpoint that holds it, or
        ``"random"``.

    Returns:
      Network to float32 arrays.

    Raises:
      ValueError: a network has no file, or its content does not fit.
      FileNotFoundError: a file does not exist.
    """
    loaded: dict[str, dict[str, Any]] = {}
    for name, file in files.items():
        if file is None:
            raise ValueError(
                f"{_FIELDS[name]}: a file with published weights is needed; without "
                "one, set task.networks.keypoints to 'learned' or 'landmarks'"
            )
        initialize = _initializer(networks, name)
        if file == RANDOM:
            loaded[name] = jax.jit(initialize)(jax.random.key(0))
            continue
        if Path(file).is_dir():
            loaded[name] = load_network(file, name)
            continue
        shapes = jax.eval_shape(initialize, jax.random.key(0))
        with open_weights(Path(file)) as weights:
            of_network = weights_of(name, weights)
            loaded |= from_published(of_network, {name: shapes})
    return loaded


def load_start(workdir: str, wanted: Mapping[str, bool]) -> dict[str, Any]:
    """Reads what an earlier run ends with; averaged parameters where it kept any.

    Args:
      workdir: folder of the run.
      wanted: networks to take where they are there, and whether they must be.

    Returns:
      Network to its variables, on the host.

    Raises:
      FileNotFoundError: there is no such run.
      ValueError: a network is missing, or no checkpoint is intact.
    """
    found, _ = load_variables(workdir)
    missing = sorted(n for n, needed in wanted.items() if needed and n not in found)
    if missing:
        raise ValueError(f"task.start_from: {workdir} has no {', '.join(missing)}")
    return {name: jax.device_get(found[name]) for name in wanted if name in found}


def _initializer(networks: Networks, name: str) -> Callable[[Array], Any]:
    side = networks.image_size
    module = VggFeatures() if name == "vgg19" else networks.keypoint_detector
    return lambda key: module.init(key, jnp.zeros((1, side, side, 3)))
