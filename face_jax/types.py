"""Array aliases and the axis letters that docstrings use.

Axis letters: ``B`` batch (items), ``S`` source images of an item, ``D`` driving
frames of an item, ``T`` frames of a clip, ``H`` height, ``W`` width, ``C``
channels, ``K`` keypoints, ``N`` query pixels, ``L`` tokens of the set latent,
``E`` entries of an expression vector, ``V`` vertices, ``F`` faces of a mesh.
"""

from collections.abc import Mapping
from typing import Any, Literal

import jax

Array = jax.Array
PyTree = Any
Batch = Mapping[str, jax.Array]
"""One global batch: names to arrays, the leading axis is the batch axis."""
Params = Mapping[str, Any]
"""A parameter tree of one network, as Flax Linen returns it."""
Variables = Mapping[str, Mapping[str, Any]]
"""Networks by name, each a Linen variable dictionary (``params``, ``batch_stats``)."""
Form = Literal["fast", "plain"]
"""How a network computes the same function of the same parameters.

``plain``: as it is defined, to be read and to be compared with. ``fast``: with less
arithmetic and less memory, equal up to rounding.
"""
