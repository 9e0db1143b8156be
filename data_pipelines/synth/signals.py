"""Smooth signals in time, numpy arrays over frames."""

import numpy as np


def frame_times(num_frames: int, rate: float) -> np.ndarray:
    """Float64 [T] seconds of the frames of a clip.

    Args:
      num_frames: T.
      rate: frames per second.
    """
    return np.arange(num_frames) / rate


def smooth_noise(
    seconds: np.ndarray, random: np.random.Generator, low: float, high: float
) -> np.ndarray:
    """A random signal of a band of frequencies.

    Args:
      seconds: [T].
      random: what it is drawn from.
      low: lowest frequency, hertz; slow parts are stronger than fast ones.
      high: highest frequency, hertz.

    Returns:
      float64 [T] within (-1, 1), its standard deviation about one half.
    """
    frequency = low * (high / low) ** random.uniform(size=5)
    phase = random.uniform(0, 2 * np.pi, 5)
    weight = random.uniform(0.5, 1.0, 5) * (low / frequency) ** 0.5
    waves = np.sin(2 * np.pi * seconds[:, None] * frequency + phase)
    return np.tanh(waves @ weight / np.linalg.norm(weight))


def smooth_step(x: np.ndarray) -> np.ndarray:
    """From 0 to 1 while ``x`` goes from 0 to 1, at rest at both ends.

    The polynomial of least jerk, as movements of limbs and eyes follow it.
    """
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (10 - 15 * x + 6 * x**2)


def smooth_pulse(
    seconds: np.ndarray, start: float, rise: float, hold: float, fall: float
) -> np.ndarray:
    """Up, held, and down again.

    Args:
      seconds: [T].
      start: when it begins to rise.
      rise: seconds of the rise.
      hold: seconds at 1.
      fall: seconds of the fall.

    Returns:
      float64 [T] within [0, 1].
    """
    up = smooth_step((seconds - start) / rise)
    return up * (1 - smooth_step((seconds - start - rise - hold) / fall))


def gaussian_smooth(values: np.ndarray, deviation: float) -> np.ndarray:
    """Smooths along the first axis; ends are continued as they are.

    Args:
      values: [T, ...].
      deviation: standard deviation of the kernel, frames.

    Returns:
      float64 of the same shape.
    """
    radius = int(np.ceil(3 * deviation))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / deviation) ** 2)
    padding = [(radius, radius)] + [(0, 0)] * (values.ndim - 1)
    padded = np.pad(values, padding, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.size, axis=0)
    return windows @ (kernel / kernel.sum())
