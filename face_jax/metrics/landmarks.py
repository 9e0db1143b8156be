"""Distances between landmarks and the steadiness of landmark tracks.

Landmarks follow the 68-point Multi-PIE order: pixels, x right, y down. A track is a
clip of them, ``[B, T, 68, 2]``. All results have one number for each batch entry.
"""

import jax.numpy as jnp

from face_jax.types import Array

OUTER_EYE_CORNERS = (36, 45)
"""Outer corners of the two eyes in the 68-point order."""


def interocular_distance(landmarks: Array) -> Array:
    """Distance between the outer eye corners.

    Args:
      landmarks: [..., 68, 2].

    Returns:
      [...] in the unit of the landmarks.
    """
    one, other = (landmarks[..., index, :] for index in OUTER_EYE_CORNERS)
    return jnp.linalg.norm(one - other, axis=-1)


def normalized_mean_error(
    prediction: Array, target: Array, visible: Array | None = None
) -> Array:
    """Mean Euclidean landmark error over the target's interocular distance.

    Args:
      prediction: [B, 68, 2].
      target: [B, 68, 2] in the same unit.
      visible: [B, 68] in [0, 1], weight of each point; None counts them all.

    Returns:
      [B]; 0.05 means 5 % of the distance between the outer eye corners.
    """
    errors = jnp.linalg.norm(prediction - target, axis=-1)
    weights = jnp.ones_like(errors) if visible is None else visible
    mean = (errors * weights).sum(-1) / weights.sum(-1)
    return mean / interocular_distance(target)


def keypoint_distance(prediction: Array, target: Array) -> Array:
    """Mean absolute difference of each coordinate.

    This is what the reenactment literature tabulates as AKD (on 68 landmarks in
    256-pixel frames): not the Euclidean distance between points.

    Args:
      prediction: [..., K, 2].
      target: [..., K, 2] in the same unit.

    Returns:
      [...] in that unit.
    """
    return jnp.abs(prediction - target).mean(axis=(-2, -1))


def missing_rate(found: Array) -> Array:
    """Share of the frames in which no face was found.

    Distances of landmarks leave such frames out, and are better the more of them there
    are: tell both.

    Args:
      found: bool [..., T], T at least 1.

    Returns:
      [...] in [0, 1].
    """
    return 1 - jnp.asarray(found, jnp.float32).mean(axis=-1)


def average_keypoint_distance(result: Array, driving: Array, found: Array) -> Array:
    """AKD: ``keypoint_distance`` averaged over the frames that count.

    As in the evaluation of the first-order motion model (arXiv 2003.00196).

    Args:
      result: [B, T, K, 2] landmarks found in the result.
      driving: [B, T, K, 2] landmarks of the driving clip.
      found: bool [B, T], where a face was found in both; other rows are not looked at.

    Returns:
      [B] in the unit of the landmarks; NaN where no frame counts.
    """
    errors = jnp.where(found, keypoint_distance(result, driving), 0.0)
    return errors.sum(axis=-1) / jnp.asarray(found).sum(axis=-1)


def jitter(result: Array, driving: Array) -> Array:
    """How much more a result trembles than its driver.

    The tremble of a track is the mean length of the second temporal difference of
    its points, in units of the mean interocular distance.

    Args:
      result: [B, T, 68, 2] landmarks found in the result, T >= 3.
      driving: [B, T, 68, 2] landmarks of the driving clip.

    Returns:
      [B]; 0 is as steady as the driver, negative is steadier.

    Raises:
      ValueError: fewer than three frames.
    """
    return tremble(result) - tremble(driving)


def tremble(track: Array) -> Array:
    """Mean second temporal difference over the interocular distance.

    Args:
      track: [B, T, 68, 2], T >= 3.

    Returns:
      [B].

    Raises:
      ValueError: fewer than three frames.
    """
    if track.shape[1] < 3:
        raise ValueError(f"jitter needs at least 3 frames, got {track.shape[1]}")
    acceleration = jnp.diff(track, n=2, axis=1)
    length = jnp.linalg.norm(acceleration, axis=-1).mean(axis=(1, 2))
    return length / interocular_distance(track).mean(axis=1)


def scale_pumping(result: Array, driving: Array) -> Array:
    """Whether the size of the face breathes: spread of its size against the driver's.

    Args:
      result: [B, T, 68, 2] landmarks found in the result.
      driving: [B, T, 68, 2] landmarks of the driving clip.

    Returns:
      [B], standard deviation over time of (result's face size / driver's face size).
    """
    return (face_size(result) / face_size(driving)).std(axis=1)


def face_size(landmarks: Array) -> Array:
    """Root mean square distance of the points from their centre.

    Args:
      landmarks: [..., P, 2].

    Returns:
      [...] in the unit of the landmarks.
    """
    centred = landmarks - landmarks.mean(axis=-2, keepdims=True)
    return jnp.sqrt(jnp.square(centred).sum(-1).mean(-1))
