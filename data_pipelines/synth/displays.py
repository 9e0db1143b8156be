"""Displays of every emotion as parameters of a head: templates for other faces."""

import numpy as np

from data_pipelines.synth.expressions import CLASSES, draw_expression
from data_pipelines.synth.rig import Rig
from face_jax.geometry.head import HeadModel

LEAST, MOST = 0.3, 1.0
"""Range of the intensity of a display."""


def draw_displays(
    head: HeadModel, per_class: int, seed: int = 0
) -> dict[str, np.ndarray]:
    """Draws faces that show the seven classes of ``expressions.py``.

    Args:
      head: the head that shows them, with directions named like facial actions.
      per_class: N, faces of each class.
      seed: what they are drawn from.

    Returns:
      By class, float32 [N, E] expression parameters; eyes look straight ahead.

    Raises:
      ValueError: ``per_class`` is below 1, or the head lacks too many actions.
    """
    if per_class < 1:
        raise ValueError(f"per_class: expected at least 1, got {per_class}")
    rig, random = Rig(head), np.random.default_rng(seed)
    return {label: _draw(rig, label, per_class, random) for label in CLASSES}


def _draw(rig: Rig, label: str, count: int, random: np.random.Generator) -> np.ndarray:
    """Expression parameters [count, E] of one class."""
    intensities = random.uniform(LEAST, MOST, count)
    drawn = [draw_expression(label, random, level) for level in intensities.tolist()]
    weights = np.stack([expression.weights for expression in drawn])
    ahead = np.zeros((count, 2), np.float32)
    parameters = rig.parameters(weights, ahead, np.zeros((count, 3), np.float32))
    return np.asarray(parameters.expression_params)
