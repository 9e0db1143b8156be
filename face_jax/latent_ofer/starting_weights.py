"""Weights that a stage takes from an earlier one, or from the user's own files.

Latent-OFER (arXiv 2307.11404) trains stage after stage: the detector looks through the
masked autoencoder's eyes, the recogniser through those of all the others.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from face_jax.convert.engine import Table, entry_of, to_variables
from face_jax.convert.torchvision import vgg_table
from face_jax.convert.weight_files import open_weights
from face_jax.latent_ofer.perception import feature_network
from face_jax.train.checkpoints import load_variables
from face_jax.train.state import check_same_shapes

RANDOM = "random"
"""Instead of a file: random values, the same ones in every run; to time a step or to
test, not to train."""

VGG16_REST = (r"classifier\..*", r"features\.2[4-9]\..*")
"""What of torchvision's VGG-16 lies behind the last layer that is looked at."""

TableOf = Callable[[Mapping[str, Any], str], Table]
"""(shape structs of a network, its name) -> table of published names."""


def load_network(
    field: str,
    source: str,
    name: str,
    module: nn.Module,
    inputs: tuple[Any, ...],
    table: TableOf,
    ignored: Sequence[str] = (),
) -> dict[str, Any]:
    """Variables of one network.

    Args:
      field: the setting that names the source, for messages.
      source: folder of a run, a file of published weights, or ``"random"``.
      name: of the network, in the run.
      module: the network.
      inputs: arrays or shape structs that it can be initialised with.
      table: of the published names.
      ignored: regular expressions of published names that are not wanted.

    Returns:
      Host arrays by collection.

    Raises:
      FileNotFoundError: there is no such run or file.
      ValueError: the run has no such network, or the weights are of another size.
    """
    if source == RANDOM:
        return jax.device_get(jax.jit(module.init)(jax.random.key(0), *inputs))
    shapes = jax.eval_shape(module.init, jax.random.key(0), *inputs)
    path = Path(source)
    if not path.is_dir():
        known, target = table(shapes, name), {name: shapes}
        with open_weights(path) as weights:
            return to_variables(entry_of(weights, known), known, target, ignored)[name]
    found = load_variables(path)[0]
    if name not in found:
        raise ValueError(
            f"task.{field}: expected a run with a network {name!r}, {path} has "
            f"{', '.join(sorted(found))}"
        )
    check_same_shapes(f"task.{field}: {name} of {path}", shapes, found[name])
    return jax.device_get(found[name])


def load_vgg16(field: str, source: str) -> dict[str, Any]:
    """VGG-16 as far as it is looked at, see ``load_network``."""
    image = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)

    def table(shapes: Mapping[str, Any], name: str) -> Table:
        return vgg_table("vgg16", shapes["params"], (name, "params"))

    network = feature_network()
    return load_network(field, source, "vgg16", network, (image,), table, VGG16_REST)
