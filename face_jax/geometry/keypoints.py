"""Keypoints as points, as heatmaps, and their transfer from one face to another."""

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.types import Array


def corner_aligned_grid(height: int, width: int) -> np.ndarray:
    """Coordinates (x, y) of cells, ±1 being the first and last cell, [h, w, 2]."""
    x = np.linspace(-1.0, 1.0, width, dtype=np.float32)
    y = np.linspace(-1.0, 1.0, height, dtype=np.float32)
    return np.stack(np.meshgrid(x, y), axis=-1)


def soft_argmax(heatmap: Array) -> Array:
    """Mean position of heatmaps on the grid whose first and last cells are ±1.

    Args:
      heatmap: [B, h, w, K], each map sums to 1.

    Returns:
      [B, K, 2] (x, y).
    """
    heatmap = heatmap.astype(jnp.float32)
    grid = corner_aligned_grid(*heatmap.shape[1:3])
    x = jnp.einsum("bhwk,w->bk", heatmap, grid[0, :, 0])
    y = jnp.einsum("bhwk,h->bk", heatmap, grid[:, 0, 1])
    return jnp.stack([x, y], axis=-1)


def spatial_softmax(logits: Array, temperature: float) -> Array:
    """Softmax over all cells of each map.

    Args:
      logits: [B, h, w, K].
      temperature: divides the logits.

    Returns:
      [B, h, w, K] float32, each map sums to 1.
    """
    logits = logits.astype(jnp.float32) / temperature
    return jax.nn.softmax(logits, axis=(1, 2))


def gaussian_heatmaps(
    keypoints: Array, grid: Array | np.ndarray, variance: float
) -> Array:
    """Gaussians of height 1 at keypoints.

    Args:
      keypoints: [..., K, 2] (x, y).
      grid: [h, w, 2] coordinates of the cells in the keypoints' frame.
      variance: of the Gaussians, in squared units of that frame.

    Returns:
      [..., h, w, K] float32.
    """
    return jnp.exp(-0.5 * squared_distances(keypoints, grid) / variance)


def squared_distances(keypoints: Array, grid: Array | np.ndarray) -> Array:
    """Squared distance of every cell to every keypoint, [..., h, w, K]."""
    keypoints = keypoints.astype(jnp.float32)
    offsets = grid[:, :, None, :] - keypoints[..., None, None, :, :]
    return jnp.sum(offsets**2, axis=-1)


def convex_hull_area(points: Array) -> Array:
    """Area of the convex hull of a few points.

    The hull's upper and lower boundary are piecewise linear between the points'
    abscissae, so the area is a trapezoid sum of their difference, and the upper
    boundary at an abscissa is the highest chord over it. No orientation test, hence
    no tolerance: copies and collinear points need no care. Cubic in P.

    Args:
      points: [..., P, 2].

    Returns:
      [...] float32, 0 for fewer than three distinct points.
    """
    points = points.astype(jnp.float32)
    points = points - points.mean(axis=-2, keepdims=True)
    order = jnp.argsort(points[..., 0], axis=-1)
    points = jnp.take_along_axis(points, order[..., None], axis=-2)
    x, y = points[..., 0], points[..., 1]
    height = _upper_boundary(x, y) + _upper_boundary(x, -y)
    return 0.5 * jnp.sum((height[..., 1:] + height[..., :-1]) * jnp.diff(x), axis=-1)


def _upper_boundary(x: Array, y: Array) -> Array:
    """Ordinate of the hull's upper boundary at every abscissa, [..., P]."""
    at = x[..., :, None, None]
    left, right = x[..., None, :, None], x[..., None, None, :]
    run = right - left
    share = jnp.where(run > 0, (at - left) / jnp.where(run > 0, run, 1.0), 0.0)
    rise = y[..., None, None, :] - y[..., None, :, None]
    chord = y[..., None, :, None] + rise * share
    covers = (left <= at) & (at <= right)
    return jnp.max(jnp.where(covers, chord, -jnp.inf), axis=(-2, -1))


def transfer_keypoints(
    source: Array,
    driving: Array,
    driving_initial: Array,
    relative: bool = False,
    adapt_scale: bool = False,
) -> Array:
    """Keypoints that drive the source face.

    Args:
      source: [K, 2] keypoints of the first source image.
      driving: [T, K, 2] keypoints of the driving frames.
      driving_initial: [K, 2] keypoints of the driving frame whose pose is taken to
        be the source's.
      relative: add the driver's motion since its initial frame to the source,
        instead of taking the driver's keypoints as they are.
      adapt_scale: scale the relative motion by the ratio of the faces' sizes, the
        square roots of their convex hull areas. No effect on absolute motion.

    Returns:
      [T, K, 2].
    """
    if not relative:
        return driving
    motion = driving - driving_initial
    if adapt_scale:
        source_area = convex_hull_area(source)
        motion = motion * jnp.sqrt(source_area / convex_hull_area(driving_initial))
    return source + motion


def best_frame(landmarks_source: Array, landmarks_driving: Array) -> Array:
    """The driving frame whose landmarks are most alike to the source's.

    Landmarks are compared after centring them on their mean and dividing by the
    square root of their hull area.

    Args:
      landmarks_source: [P, 2].
      landmarks_driving: [T, P, 2]; a frame without extent (an undetected face is
        stored as zeros) is never chosen while another one has some.

    Returns:
      int32 index of the frame.
    """
    source, _ = _normalize_landmarks(landmarks_source)
    # One frame at a time: the hull of 68 points already takes 68^3 numbers.
    driving, area = jax.lax.map(_normalize_landmarks, landmarks_driving)
    distance = jnp.sum((driving - source) ** 2, axis=(-2, -1))
    return jnp.argmin(jnp.where(area > 0, distance, jnp.inf))


def _normalize_landmarks(landmarks: Array) -> tuple[Array, Array]:
    """Centred landmarks of unit hull area, and the area that they had."""
    area = convex_hull_area(landmarks)
    centred = landmarks - landmarks.mean(axis=-2, keepdims=True)
    return centred / jnp.sqrt(jnp.where(area > 0, area, 1.0)), area
