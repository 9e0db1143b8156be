"""Smooth surfaces through scattered points of the chart: a thin-plate spline.

The spline bends as little as it can. It is symmetric about the middle of the face
and closes around the head, by counting every point together with its mirror image
and with its repetitions one turn further.
"""

import numpy as np

from face_jax.heads.procedural import chart


def interpolate(
    places: np.ndarray, points: np.ndarray, roughness: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """Values at chart places of the smoothest surface through given points.

    Args:
      places: [N, 2] chart coordinates of the points, on the left half of the face.
      points: [N, 3] their positions; x changes sign in the mirror, y and z do not.
      roughness: [N] in mm^2: how loosely the surface is held by each point. A loose
        one is passed by a fraction of a millimetre instead of making a dent.
      at: [..., 2] chart coordinates to evaluate at.

    Returns:
      [..., 3] positions.
    """
    flat = at.reshape(-1, 2)
    own, mirrored = _kernels(places, places)
    own_at, mirrored_at = _kernels(flat, places)
    own += np.diag(roughness)
    x = (own_at - mirrored_at) @ np.linalg.solve(own - mirrored, points[:, :1])
    yz = _with_trend(own + mirrored, places, points[:, 1:], own_at + mirrored_at, flat)
    return np.concatenate([x, yz], -1).reshape(*at.shape[:-1], 3)


def _with_trend(
    system: np.ndarray,
    places: np.ndarray,
    points: np.ndarray,
    system_at: np.ndarray,
    at: np.ndarray,
) -> np.ndarray:
    """Spline of symmetric coordinates, plus the plane that bending does not see."""
    count, trend = len(places), _trend(places)
    bordered = np.zeros((count + 2, count + 2))
    bordered[:count, :count] = system
    bordered[:count, count:], bordered[count:, :count] = trend, trend.T
    weights = np.linalg.solve(bordered, np.pad(points, ((0, 2), (0, 0))))
    return system_at @ weights[:count] + _trend(at) @ weights[count:]


def _trend(places: np.ndarray) -> np.ndarray:
    return np.stack([np.ones(len(places)), places[:, 1] / 100], -1)


def _kernels(at: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """r^2 log r to the points [M, N], and to their mirror images in front and back."""
    up = (at[:, None, 1] - places[None, :, 1]) ** 2 + 1e-9
    turned = [
        (at[:, None, 0] - across) ** 2 + up
        for across in (places[:, 0], -places[:, 0], chart.PERIOD - places[:, 0])
    ]
    own, front, back = (0.5 * squared * np.log(squared) for squared in turned)
    return own, front + back
