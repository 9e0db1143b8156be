"""SMIRK's losses on parameters and landmarks, and how terms are put together.

Source: SMIRK, arXiv 2404.04104, and its public code.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from face_jax.geometry.head import HeadParameters
from face_jax.geometry.products import einsum
from face_jax.losses.landmarks import landmark_error
from face_jax.losses.pixel import mean_squared_error
from face_jax.losses.weighting import weighted_sum
from face_jax.smirk.projection import ProjectedFace
from face_jax.types import Array

NUM_CONTOUR = 17
"""Of the 68 landmarks only the contour counts; MediaPipe's see the rest better."""

PRETRAINING_WEIGHTS = {
    "contour": 100.0,
    "landmarks": 100.0,
    "expression": 1e-2,
    "identity": 10.0,
}
"""Of the terms of pretraining, as published."""

TRAINING_WEIGHTS = {
    "contour": 100.0,
    "landmarks": 100.0,
    "perceptual": 10.0,
    "reconstruction": 10.0,
    "emotion": 1.0,
    "expression": 1e-3,
    "jaw": 1e-2,
}
"""Of the terms of the first path, as published; shape and pose are not trained then."""

CYCLE_WEIGHTS = {"expression": 1.0, "jaw": 10.0, "eyelid": 10.0, "shape": 1.0}
"""Of the terms of the second path, as published."""


def landmark_terms(
    face: ProjectedFace,
    landmarks_68: Array,
    has_landmarks_68: Array,
    landmarks_105: Array,
    has_landmarks_105: Array | None = None,
) -> dict[str, Array]:
    """How far a face's landmarks are from those found in the picture.

    Args:
      face: of the batch.
      landmarks_68: [B, 68, 2], the picture is [-1, 1] wide; x right, y down.
      has_landmarks_68: bool [B].
      landmarks_105: [B, 105, 2], likewise.
      has_landmarks_105: bool [B]; None stands for all.

    Returns:
      ``contour`` and ``landmarks``, scalars.

    Raises:
      ValueError: the shapes do not fit together.
    """
    contour = face.landmarks_68[:, :NUM_CONTOUR]
    seen = landmarks_68[:, :NUM_CONTOUR]
    return {
        "contour": landmark_error(contour, seen, has_landmarks_68),
        "landmarks": landmark_error(
            face.landmarks_105, landmarks_105, has_landmarks_105
        ),
    }


def regularization_terms(
    parameters: HeadParameters, base: HeadParameters | None = None
) -> dict[str, Array]:
    """Mean squares of what should stay small, or near another estimate.

    Args:
      parameters: of B faces.
      base: of the same faces, such as a frozen encoder's; None or a field that is None
        stands for zeros.

    Returns:
      ``expression``, ``jaw`` and ``shape``, scalars, those that the parameters have.

    Raises:
      ValueError: the shapes do not fit together.
    """
    terms = {}
    for name in ("expression", "jaw", "shape"):
        value = getattr(parameters, f"{name}_params")
        if value is not None:
            near = getattr(base, f"{name}_params", None)
            near = jnp.zeros_like(value) if near is None else near
            terms[name] = _distance(f"base.{name}_params", near, value)
    return terms


def identity_term(
    shape_params: Array,
    teacher: Array,
    present: Array | None = None,
    metric: ArrayLike | None = None,
) -> Array:
    """Mean squared distance from the shape that a frozen network sees.

    Args:
      shape_params: [B, n].
      teacher: [B, n or more], the first n count.
      present: bool [B], for whom the teacher speaks; None stands for all.
      metric: [n, n] quadratic form of the distance, see ``identity_metric``; None for
        the published mean over coefficients.

    Returns:
      Scalar; 0 where the teacher is silent.

    Raises:
      ValueError: the teacher knows fewer directions, or other faces.
    """
    known = teacher[:, : shape_params.shape[1]]
    if metric is None:
        return _distance("teacher", known, shape_params, present)
    _check_shape("teacher", known, shape_params)
    apart = known - shape_params
    return mean_over_present(
        einsum("bi,ij,bj->b", apart, jnp.asarray(metric), apart), present
    )


def fitted_terms(
    found: HeadParameters, fitted: HeadParameters, present: Array | None = None
) -> dict[str, Array]:
    """How far estimates are from what ``landmark_fit`` made of them.

    Args:
      found: of B faces.
      fitted: identity and expression; no gradient reaches them.
      present: bool [B], whose landmarks are known; None stands for all.

    Returns:
      ``fitted_expression`` and ``fitted_shape``, scalars.
    """
    return {
        f"fitted_{name}": _distance(
            f"found.{name}_params",
            getattr(found, f"{name}_params"),
            jax.lax.stop_gradient(getattr(fitted, f"{name}_params")),
            present,
        )
        for name in ("expression", "shape")
    }


def cycle_terms(
    wanted: HeadParameters, found: HeadParameters, *, shape: bool
) -> dict[str, Array]:
    """How far faces that were made are from what they were made of.

    Pose and camera do not count.

    Args:
      wanted: of B faces, what the generator was given.
      found: what the encoder sees in its pictures.
      shape: whether the shape counts: while the generator is trained, but not the
        encoder.

    Returns:
      ``expression``, ``jaw``, ``eyelid`` and ``shape``, scalars, those that count and
      that ``wanted`` has.

    Raises:
      ValueError: ``found`` lacks a field of ``wanted``, or has another shape.
    """
    names = ("expression", "jaw", "eyelid", *(["shape"] if shape else []))
    terms = {}
    for name in names:
        target = getattr(wanted, f"{name}_params")
        if target is not None:
            value = getattr(found, f"{name}_params")
            terms[name] = _distance(f"found.{name}_params", value, target)
    return terms


def cycle_loss(
    terms: Mapping[str, Array], weights: Mapping[str, float] = CYCLE_WEIGHTS
) -> Array:
    """The weighted sum of ``cycle_terms``, scalar float32.

    Weights of terms that are not given do not count, and terms without a weight neither.
    """
    return weighted_sum(terms, {name: weights.get(name, 0.0) for name in terms})


def _distance(
    name: str, value: Array | None, target: Array, present: Array | None = None
) -> Array:
    """Mean squared difference of arrays [B, n], over the rows that are present."""
    value = _check_shape(name, value, target)
    return mean_over_present(mean_squared_error(value, target), present)


def _check_shape(name: str, value: Array | None, target: Array) -> Array:
    if value is None or value.shape != target.shape:
        got = None if value is None else value.shape
        raise ValueError(f"{name}: expected {target.shape}, got {got}")
    return value


def mean_over_present(errors: Array, present: Array | None) -> Array:
    """The mean over the rows that are present.

    Args:
      errors: [B], finite in all rows.
      present: bool [B]; None stands for all.

    Returns:
      Scalar; 0 where no row is present.
    """
    if present is None:
        return jnp.mean(errors)
    counted = present.astype(jnp.float32)
    return jnp.sum(errors * counted) / jnp.maximum(jnp.sum(counted), 1)
