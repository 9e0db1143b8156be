"""Blinks and glances."""

import numpy as np

from data_pipelines.synth.signals import smooth_step

BLINKS_PER_MINUTE = 16.0
_CLOSING, _CLOSED, _OPENING = 0.09, 0.05, 0.2
"""Seconds of the parts of a blink: lids fall faster than they rise."""

GLANCE = np.radians([14.0, 7.0])
"""Standard deviation of glances away from the viewer, yaw and pitch."""
AT_VIEWER = np.radians([2.5, 1.8])
"""Standard deviation of gaze while looking at the viewer."""
LARGEST_GAZE = np.radians([30.0, 20.0])
"""How far eyes turn in their sockets, yaw and pitch, before the head follows."""


def draw_blinks(seconds: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draws blinks at a natural rate.

    Args:
      seconds: [T] times of the frames, increasing from 0.
      random: what it is drawn from.

    Returns:
      float64 [T], 0 open to 1 closed.
    """
    closed = np.zeros(len(seconds))
    last = seconds[-1] if len(seconds) else 0.0
    start = random.uniform(0.5, 3.0)
    while start < last:
        pace = random.uniform(0.85, 1.3)
        closed = np.maximum(closed, _blink((seconds - start) / pace))
        start += 0.6 + random.lognormal(np.log(60 / BLINKS_PER_MINUTE - 1.3), 0.5)
    return closed


def draw_gaze(
    seconds: np.ndarray, head: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Draws where the eyes look: rests of about a second and quick changes.

    Eyes that look at somebody stay on them while the head turns, so gaze is drawn in
    the room and the head's turn is taken off.

    Args:
      seconds: [T] times of the frames, increasing from 0.
      head: [T, 2] radians, yaw to the subject's left and pitch up of the head.
      random: what it is drawn from.

    Returns:
      float64 [T, 2] radians relative to the head, yaw to the subject's left and pitch
      up, within ``LARGEST_GAZE``.
    """
    last = seconds[-1] if len(seconds) else 0.0
    room, target = np.zeros((len(seconds), 2)), np.zeros(2)
    start = 0.4 + random.gamma(2.0, 0.5)
    while start < last:
        away = random.uniform() < 0.3
        spread = GLANCE if away else AT_VIEWER
        goal = spread * np.clip(random.standard_normal(2), -2, 2)
        # Large saccades take longer (about 2.2 ms per degree on top of 21 ms).
        length = 0.021 + 0.0022 * np.degrees(np.linalg.norm(goal - target))
        change = smooth_step((seconds - start) / length)
        room += change[:, None] * (goal - target)
        target = goal
        start += 0.15 + random.gamma(2.0, 0.25 if away else 0.6)
    return np.clip(room - 0.8 * head, -LARGEST_GAZE, LARGEST_GAZE)


def _blink(seconds: np.ndarray) -> np.ndarray:
    """Closure in a blink that starts at 0."""
    down = smooth_step(seconds / _CLOSING)
    return down * (1 - smooth_step((seconds - _CLOSING - _CLOSED) / _OPENING))
