"""Learned points that are taught to be landmarks.

What an encoder learns from coefficients alone reaches the places of its points late:
many of them matter to one coefficient. Landmarks say at once where each belongs. It is
not part of SMIRK (arXiv 2404.04104) as published, whose encoders begin with weights of
ImageNet instead.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from face_jax.geometry.landmarks import MEDIAPIPE_105
from face_jax.geometry.products import einsum
from face_jax.smirk.encoder import POINTS, mean_places
from face_jax.smirk.objectives import NUM_CONTOUR, mean_over_present
from face_jax.types import Array, Batch

TAUGHT_POINTS = frozenset({"points", "heatmaps"})
"""Names of the terms."""

NUM_TAUGHT = len(MEDIAPIPE_105) + NUM_CONTOUR
"""Points of an encoder that are taught."""


def check_points(points: Mapping[str, int]) -> None:
    """Refuses encoders that have too few points to be taught.

    Args:
      points: how many each has, by its name.

    Raises:
      ValueError: one has fewer than ``NUM_TAUGHT``.
    """
    for name, count in points.items():
        if count < NUM_TAUGHT:
            raise ValueError(
                f"task.networks.{name}.points: expected at least {NUM_TAUGHT}, which "
                f"are taught landmarks, got {count}"
            )


def split_points(
    changed: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, Array], dict[str, dict[str, Any]]]:
    """Takes the maps of points out of what encoders hand out.

    Args:
      changed: collections by encoder, ``POINTS`` among them.

    Returns:
      Maps [B, h, w, P] by encoder, and the other collections by encoder.

    Raises:
      ValueError: an encoder has no points.
    """
    logits, others = {}, {}
    for name, collections in changed.items():
        if POINTS not in collections:
            check_points({name: 0})
        logits[name] = collections[POINTS]["logits"]
        others[name] = {n: tree for n, tree in collections.items() if n != POINTS}
    return logits, others


def point_terms(logits: Mapping[str, Array], batch: Batch) -> dict[str, Array]:
    """How far the points of encoders are from landmarks.

    An encoder's first 105 points are MediaPipe's landmarks, the next 17 the contour of
    the 68; any further ones are free.

    Args:
      logits: by encoder, [B, h, w, P] maps of its points.
      batch: landmarks with their flags, as ``paths.parameter_terms`` takes them.

    Returns:
      ``points``: the mean distance along x and y, the picture is 2 wide; ``heatmaps``:
      the cross entropy of the maps. Scalars, sums over encoders; whose landmarks are not
      known does not count.

    Raises:
      ValueError: an encoder has fewer points.
    """
    sets = (
        (batch["landmarks_mediapipe"], batch.get("has_landmarks_mediapipe")),
        (batch["landmarks_68"][:, :NUM_CONTOUR], batch["has_landmarks_68"]),
    )
    check_points({name: maps.shape[-1] for name, maps in logits.items()})
    terms = {"points": jnp.float32(0), "heatmaps": jnp.float32(0)}
    for maps in logits.values():
        begin = 0
        for landmarks, present in sets:
            end = begin + landmarks.shape[1]
            found = _terms(maps[..., begin:end], landmarks, present)
            share = landmarks.shape[1] / NUM_TAUGHT
            terms = {n: terms[n] + share * found[n] for n in terms}
            begin = end
    return terms


def _terms(logits: Array, landmarks: Array, present: Array | None) -> dict[str, Array]:
    """Of maps [B, h, w, P] and as many landmarks [B, P, 2]."""
    size = jnp.asarray(logits.shape[2:0:-1])
    if present is not None:
        # What is not known may be NaN.
        landmarks = jnp.where(present[:, None, None], landmarks, 0.0)
    cells = jnp.clip((landmarks + 1) / 2 * size - 0.5, 0, size - 1)
    reached = (cells + 0.5) / size * 2 - 1
    errors = {
        "points": jnp.abs(mean_places(logits) - reached).mean(axis=(1, 2)),
        "heatmaps": _cross_entropy(logits, cells).mean(axis=1),
    }
    return {n: mean_over_present(error, present) for n, error in errors.items()}


def _cross_entropy(logits: Array, cells: Array) -> Array:
    """Of maps [B, h, w, P] whose places [B, P, 2] are shared by the cells around, [B, P]."""
    rows, height, width, points = logits.shape
    flat = jax.nn.log_softmax(logits.reshape(rows, height * width, points), axis=1)
    across, down = (
        jnp.maximum(1 - jnp.abs(cells[..., axis, None] - jnp.arange(count)), 0)
        for axis, count in enumerate((width, height))
    )
    shaped = flat.reshape(rows, height, width, points)
    return -einsum("bpy,bpx,byxp->bp", down, across, shaped)
