"""The scores of a SMIRK model (arXiv 2404.04104) on heads whose every parameter is known.

Beside the model stands what needs no picture: the mean of the training set, its mean
identity, expression, rotation and camera in every place.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.metrics.agreement import concordance
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.known_heads import (
    KnownHeads,
    encode_all,
    errors,
    measures,
    moved_landmarks,
)
from face_jax.smirk.measures import MEASURES
from face_jax.smirk.model import Model

LEAST_MOVE = 0.5
"""Pixels that one standard deviation of a direction must move a landmark by, so that its
agreement counts."""


@dataclasses.dataclass(frozen=True)
class Direction:
    """One direction of expression.

    Attributes:
      name: what the head calls it.
      moves: pixels, see ``moved_landmarks``.
      agreement: concordance correlation of the estimated with the true coefficients.
    """

    name: str
    moves: float
    agreement: float


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What a model makes of one set of heads.

    Attributes:
      title: what the set is.
      num_pictures: N.
      num_people: different persons in it.
      mean: errors of the mean of the training set, by the names of ``ERRORS``; each the
        mean over the pictures.
      model: those of the model.
      directions: all directions of expression that vary in the set.
      measures: concordance correlation by the names of ``face_measures``.
    """

    title: str
    num_pictures: int
    num_people: int
    mean: dict[str, float]
    model: dict[str, float]
    directions: tuple[Direction, ...]
    measures: dict[str, float]

    @property
    def visible(self) -> tuple[Direction, ...]:
        """Directions that move a landmark by ``LEAST_MOVE``, the largest first."""
        seen = [found for found in self.directions if found.moves >= LEAST_MOVE]
        return tuple(sorted(seen, key=lambda found: -found.moves))

    @property
    def agreement(self) -> float:
        """Mean concordance correlation of the visible directions; NaN without any."""
        return _mean([found.agreement for found in self.visible])

    @property
    def share_of_mean(self) -> float:
        """Error of the face's vertices over that of the mean of the training set."""
        return self.model["vertices"] / self.mean["vertices"]

    def as_dict(self) -> dict[str, Any]:
        """All numbers as JSON-like data; what is not defined is None."""
        numbers = dataclasses.asdict(self)
        numbers["visible"] = [found.name for found in self.visible]
        numbers["agreement"] = self.agreement
        numbers["share_of_mean"] = self.share_of_mean
        return jax.tree.map(_defined, numbers)


def evaluate(
    model: Model,
    title: str,
    known: KnownHeads,
    mean: EncodedFace,
    estimates: EncodedFace | None = None,
) -> Evaluation:
    """Compares what a model sees with the truth.

    Args:
      model: the model.
      title: what the heads are.
      known: N heads.
      mean: one row, the mean of the training set; see ``mean_face``.
      estimates: what the model sees; None asks it.

    Raises:
      ValueError: pictures of another size than the model's.
    """
    if estimates is None:
        estimates = encode_all(model, known.images)
    rows = len(known)
    constant = jax.tree.map(lambda values: np.repeat(values, rows, axis=0), mean)
    found, true = measures(model, estimates), measures(model, known.faces)
    return Evaluation(
        title=title,
        num_pictures=rows,
        num_people=len(np.unique(known.identity)),
        mean=_means(errors(model, constant, known)),
        model=_means(errors(model, estimates, known)),
        directions=_directions(model, estimates, known),
        measures={name: _agreement(found[name], true[name]) for name in MEASURES},
    )


def mean_face(faces: EncodedFace) -> EncodedFace:
    """The mean of all parameters and cameras, in one row.

    Rotations are averaged as axis-angle vectors.

    Args:
      faces: of N pictures.
    """
    return jax.tree.map(
        lambda values: (
            np.asarray(values, np.float64)
            .mean(axis=0, keepdims=True)
            .astype(np.float32)
        ),
        faces,
    )


def _directions(
    model: Model, estimates: EncodedFace, known: KnownHeads
) -> tuple[Direction, ...]:
    true = np.asarray(known.faces.head.expression_params)
    seen = np.asarray(estimates.head.expression_params)
    # A head may have directions that the model does not estimate.
    seen = np.pad(seen, ((0, 0), (0, true.shape[1] - seen.shape[1])))
    scale = float(np.mean(known.faces.camera[:, 0]))
    moves = moved_landmarks(model.head, true, scale, model.image_size)
    names = model.head.expression_names or tuple(map(str, range(true.shape[1])))
    agreements = np.asarray(concordance(jnp.asarray(seen), jnp.asarray(true)))
    return tuple(
        Direction(name, float(move), float(agreement))
        for name, move, agreement in zip(names, moves, agreements, strict=False)
        if move > 0
    )


def _means(values: dict[str, np.ndarray]) -> dict[str, float]:
    return {name: float(np.mean(value)) for name, value in values.items()}


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _agreement(found: np.ndarray, true: np.ndarray) -> float:
    return float(concordance(jnp.asarray(found), jnp.asarray(true)))


def _defined(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
