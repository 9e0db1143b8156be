"""Under which conditions scores were measured: what a reader needs to repeat them."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jax

from face_jax.train.digests import digests
from face_jax.types import PyTree
from face_jax.versions import versions


def conditions(
    checkpoint: Path,
    variables: PyTree,
    data: Mapping[str, Any],
    items: Iterable[str],
    metrics: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What scores depend on besides the code.

    Args:
      checkpoint: folder of the model.
      variables: its arrays, on the device.
      data: the data block that was evaluated on: crop, size, split and all.
      items: names of what was evaluated, in their order: pictures, clips, frames.
      metrics: scores by name, each with its definition and unit.

    Returns:
      JSON-like data: hashes of weights and items, the data block, the order of colours,
      versions and device.
    """
    names = list(items)
    return {
        "checkpoint": str(checkpoint),
        "weights": digest_of_weights(variables),
        "data": _plain(data),
        "items": len(names),
        "items_hash": _hash(names),
        "color_order": "RGB",
        "metrics": dict(metrics or {}),
        "versions": versions(),
        "device": jax.devices()[0].device_kind,
    }


def digest_of_weights(variables: PyTree) -> str:
    """A hash of all arrays and their paths, hexadecimal; equal for every sharding."""
    return _hash(sorted(digests(variables).items()))


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Nested mappings and sequences as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
