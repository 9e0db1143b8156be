"""Three fits of the same pictures, and what each of their parts is worth."""

import dataclasses
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fitting.drawing import HeadPainter
from face_jax.fitting.errors import fit_errors
from face_jax.fitting.objective import Objective
from face_jax.fitting.solver import Descent
from face_jax.fitting.unknowns import Freedom, Unknowns, mean_head
from face_jax.geometry.head import HeadModel
from face_jax.geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from face_jax.tables import Table
from face_jax.types import Array

POSE_ALONE, INSIDE_ALONE, EVERYTHING = (
    "pose and camera alone",
    "everything, without silhouette gradients",
    "everything",
)
"""The fits that are compared, by name."""


@dataclasses.dataclass(frozen=True)
class Fit:
    """How one fit went.

    Attributes:
      steps: [n] steps at which it was looked at; the first is 0.
      pose_degrees: [n, B].
      vertex_errors: [n, B] shares of the head's height.
      expression_errors: [n, B] shares of the head's height.
      losses: [steps, B].
      pictures: [n, H, W, 3] float32, of the first head.
      final: the fitted unknowns.
    """

    steps: np.ndarray
    pose_degrees: np.ndarray
    vertex_errors: np.ndarray
    expression_errors: np.ndarray
    losses: np.ndarray
    pictures: np.ndarray
    final: Unknowns


def turned_start(
    head: HeadModel, truth: Unknowns, key: Array, degrees: float
) -> Unknowns:
    """The mean, neutral head, turned away from the truth and slightly out of place.

    Args:
      head: the model.
      truth: B heads to be found.
      key: random key.
      degrees: angle by which the start is turned, about a random axis.
    """
    axis_key, camera_key = jax.random.split(key)
    axis = jax.random.normal(axis_key, truth.pose_params.shape)
    axis *= jnp.deg2rad(degrees) / jnp.linalg.norm(axis, axis=-1, keepdims=True)
    turn = axis_angle_to_matrix(axis) @ axis_angle_to_matrix(truth.pose_params)
    jitter = jax.random.uniform(camera_key, truth.camera.shape, minval=-1.0)
    scale = truth.camera[:, :1] * (1 + 0.05 * jitter[:, :1])
    places = truth.camera[:, 1:] + 0.01 * jitter[:, 1:]
    camera = jnp.concatenate([scale, places], axis=-1)
    return mean_head(head, matrix_to_axis_angle(turn), camera)


def compare_fits(
    painter: HeadPainter,
    truth: Unknowns,
    start: Unknowns,
    freedom: Freedom,
    descent: Descent,
    objective: Objective,
    report: Callable[[str, int], None] = lambda name, step: None,
) -> Mapping[str, Fit]:
    """Fits the pictures of the true heads in three ways.

    Args:
      painter: draws with silhouette gradients.
      truth: B heads; their pictures are the targets.
      start: B starts.
      freedom: what may move in the full fit.
      descent: length of each fit.
      objective: what is made small.
      report: called with the fit's name and step.

    Returns:
      Fits by the names of this module.
    """
    target = jax.jit(painter)(truth)
    blind = dataclasses.replace(painter, silhouettes=False)
    ways = {
        POSE_ALONE: (painter, freedom.pose_and_camera_alone()),
        INSIDE_ALONE: (blind, freedom),
        EVERYTHING: (painter, freedom),
    }
    fits = {}
    for name, (draw, free) in ways.items():
        states = []
        for state in descent.run(draw, target, start, free, objective):
            report(name, state.step)
            states.append(state)
        fits[name] = _fit(painter, truth, states)
    return fits


def _fit(painter: HeadPainter, truth: Unknowns, states: list) -> Fit:
    measure = jax.jit(lambda found: fit_errors(painter.head, found, truth))
    draw = jax.jit(painter)
    errors = [jax.device_get(measure(state.unknowns)) for state in states]
    pictures = [np.asarray(draw(state.unknowns)[0, ..., :3]) for state in states]
    return Fit(
        steps=np.array([state.step for state in states]),
        pose_degrees=np.stack([error.pose_degrees for error in errors]),
        vertex_errors=np.stack([error.vertices for error in errors]),
        expression_errors=np.stack([error.expression for error in errors]),
        losses=np.concatenate([np.asarray(state.losses) for state in states]),
        pictures=np.stack(pictures),
        final=states[-1].unknowns,
    )


def comparison_table(fits: Mapping[str, Fit]) -> Table:
    """Start and end of each fit; means over the heads, and the worst of them."""
    first = next(iter(fits.values()))
    rows: list[list] = [["start", *_row(first, 0)]]
    rows += [[name, *_row(fit, -1)] for name, fit in fits.items()]
    heads = first.pose_degrees.shape[1]
    return Table(
        title=f"Fits of {heads} pictures: errors against the truth",
        header=(
            "fit",
            "pose, degrees",
            "worst",
            "vertices, % of head height",
            "worst",
            "expression, %",
        ),
        rows=rows,
        emphasized=list(fits).index(EVERYTHING) + 1,
    )


def _row(fit: Fit, index: int) -> list[float]:
    pose, vertices = fit.pose_degrees[index], 100 * fit.vertex_errors[index]
    expression = 100 * fit.expression_errors[index].mean()
    numbers = (pose.mean(), pose.max(), vertices.mean(), vertices.max(), expression)
    return [float(number) for number in numbers]
