"""SMIRK's networks and its head multiplied out for inference: the same but for rounding.

Batch norms become part of the layers before them, and the head's directions become one
matrix (arXiv 2404.04104). Nothing here changes what is given; checkpoints have the
published layout always.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from face_jax.geometry.folded_head import FoldedHead, fold_head
from face_jax.nn.folding import fold_batch_norms
from face_jax.nn.mobilenet_v3 import EPSILON
from face_jax.smirk.networks import ENCODERS, Networks
from face_jax.types import Variables

GENERATOR = "generator"


def fold_networks(
    networks: Networks, variables: Variables
) -> tuple[Networks, dict[str, Any]]:
    """Encoders, and the generator if there are variables of one.

    Args:
      networks: the modules, not folded.
      variables: of the three encoders at least.

    Returns:
      Modules with ``folded=True`` and their variables, numpy arrays.
    """
    folded = {name: fold_encoder(variables[name]) for name in ENCODERS}
    if GENERATOR in variables:
        folded[GENERATOR] = fold_batch_norms(variables[GENERATOR])
    encoders = {
        name: getattr(networks.encoders, name).clone(folded=True) for name in ENCODERS
    }
    modules = dataclasses.replace(
        networks,
        encoders=dataclasses.replace(networks.encoders, **encoders),
        generator=networks.generator.clone(folded=True),
    )
    return modules, {**variables, **folded}


def fold_encoder(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of one of the encoders as those of a folded one."""
    return fold_batch_norms(variables, EPSILON)


def fold_directions(networks: Networks) -> FoldedHead:
    """The head's directions that the encoders estimate, as one matrix."""
    return fold_head(
        networks.assets.head,
        networks.encoders.shape_encoder.num_shape,
        networks.num_expression,
    )
