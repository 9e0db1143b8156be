"""Motion of a face through a clip: speaking, emoting, blinking, looking, turning."""

import dataclasses

import numpy as np

from data_pipelines.synth.actions import MOUTH, NUM_ACTIONS, ROW
from data_pipelines.synth.expressions import CLASSES, draw_expression
from data_pipelines.synth.eye_motion import LARGEST_GAZE, draw_blinks, draw_gaze
from data_pipelines.synth.signals import frame_times, smooth_noise, smooth_pulse
from data_pipelines.synth.speech import draw_speech

FRAME_RATE = 25.0
"""Frames per second of clips."""

STYLES = ("speaking", "emoting", "mixed")
"""What a person does in a clip; all of them blink, look around and move the head."""

SHOWN = 0.5
"""Share of a display from which a frame carries the label of its emotion."""
START = 0.6
"""Seconds in which a clip leaves its first frame: neutral, looking ahead."""


@dataclasses.dataclass(frozen=True)
class Motion:
    """A face through T frames.

    Attributes:
      weights: float32 [T, NUM_ACTIONS] in [0, 1], in the order of ``ACTIONS``.
      gaze: float32 [T, 2] radians relative to the head: yaw to the subject's left,
        pitch up.
      rotation: float32 [T, 3] radians: yaw to the subject's left, pitch up, roll to the
        subject's left shoulder.
      shift: float32 [T, 2] metres to the subject's left and up.
      zoom: float32 [T], factor of the camera's scale.
      labels: int64 [T], rows of ``CLASSES``.
    """

    weights: np.ndarray
    gaze: np.ndarray
    rotation: np.ndarray
    shift: np.ndarray
    zoom: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def draw_motion(
    num_frames: int, seed: int, style: str = "mixed", rate: float = FRAME_RATE
) -> Motion:
    """Draws the motion of one clip; it begins with a neutral face looking ahead.

    Args:
      num_frames: length of the clip, at least 1.
      seed: the same seed always gives the same motion.
      style: a name in ``STYLES``.
      rate: frames per second.

    Raises:
      ValueError: the style is unknown, or there are no frames.
    """
    if style not in STYLES:
        raise ValueError(f"style: expected one of {', '.join(STYLES)}, got {style!r}")
    if num_frames < 1:
        raise ValueError(f"num_frames: expected at least 1, got {num_frames}")
    seconds = frame_times(num_frames, rate)
    speech_random, emotion_random, eye_random, head_random = (
        np.random.default_rng([seed, channel]) for channel in range(4)
    )
    start = smooth_pulse(seconds, 0.0, START, np.inf, 1.0)
    speech, voice = _speech(seconds, style, speech_random)
    emotion, look, labels = _emotions(seconds, style, emotion_random)
    rotation = start[:, None] * _turns(seconds, voice, head_random)
    weights = _blend(start[:, None] * speech, voice, start[:, None] * emotion)
    gaze = draw_gaze(seconds, rotation[:, :2], eye_random) + look
    weights = _with_blinks(weights, draw_blinks(seconds, eye_random))
    shift, zoom = _shifts(seconds, head_random)
    return Motion(
        weights=np.clip(weights, 0, 1).astype(np.float32),
        gaze=np.clip(gaze, -LARGEST_GAZE, LARGEST_GAZE).astype(np.float32),
        rotation=rotation.astype(np.float32),
        shift=(start[:, None] * shift).astype(np.float32),
        zoom=(1 + start * zoom).astype(np.float32),
        labels=np.where(start > SHOWN, labels, 0),
    )


def _speech(
    seconds: np.ndarray, style: str, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    if style == "emoting":
        return np.zeros((len(seconds), NUM_ACTIONS)), np.zeros(len(seconds))
    return draw_speech(seconds, random)


def _emotions(
    seconds: np.ndarray, style: str, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Displays with onset, apex and offset, one after the other.

    Returns:
      Weights [T, NUM_ACTIONS], gaze of the displays [T, 2], and labels int64 [T].
    """
    weights = np.zeros((len(seconds), NUM_ACTIONS))
    gaze = np.zeros((len(seconds), 2))
    labels = np.zeros(len(seconds), np.int64)
    faint, pause = (0.25, 2.5) if style == "speaking" else (1.0, 0.9)
    order: list[str] = []
    start = random.uniform(0.3, 1.2)
    while start < (seconds[-1] if len(seconds) else 0.0):
        # Every emotion comes once before one comes again.
        order = order or [CLASSES[row] for row in random.permutation(6) + 1]
        label = order.pop()
        face = draw_expression(label, random, faint * random.uniform(0.75, 1.0))
        rise, hold, fall = random.uniform([0.25, 0.6, 0.4], [0.6, 1.8, 0.9])
        shown = smooth_pulse(seconds, start, rise, hold, fall)
        waver = 1 + 0.08 * smooth_noise(seconds, random, 0.4, 1.5)
        weights += (shown * waver)[:, None] * face.weights
        gaze += shown[:, None] * face.gaze
        labels[shown * faint > SHOWN] = CLASSES.index(label)
        start += rise + hold + fall + pause * random.uniform(0.2, 1.2)
    return weights, gaze, labels


def _blend(speech: np.ndarray, voice: np.ndarray, emotion: np.ndarray) -> np.ndarray:
    """Speech takes half of the mouth from an emotion while it lasts."""
    share = 1 - 0.5 * voice[:, None] * MOUTH
    return speech + share * emotion


def _with_blinks(weights: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """Lids close from wherever the expression holds them."""
    weights = weights.copy()
    for side in "LR":
        blink, wide = ROW[f"eyeBlink_{side}"], ROW[f"eyeWide_{side}"]
        weights[:, blink] = np.maximum(weights[:, blink], closed)
        weights[:, wide] *= 1 - closed
    return weights


def _turns(
    seconds: np.ndarray, voice: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Turns of the head, radians [T, 3]; speakers nod with what they say."""
    reach = np.radians([30.0, 14.0, 11.0]) * random.uniform(0.6, 1.15)
    bands = ((0.1, 0.35), (0.12, 0.45), (0.1, 0.35))
    slow = [smooth_noise(seconds, random, low, high) for low, high in bands]
    turns = reach * np.stack(slow, axis=1)
    nods = np.radians([1.5, 3.0, 1.2]) * voice[:, None]
    fast = [smooth_noise(seconds, random, 0.8, 2.2) for _ in range(3)]
    return turns + nods * np.stack(fast, axis=1)


def _shifts(
    seconds: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Metres to the left and up, [T, 2], and change of the camera's scale, [T]."""
    across = 0.014 * smooth_noise(seconds, random, 0.08, 0.3)
    upwards = 0.008 * smooth_noise(seconds, random, 0.08, 0.3)
    zoom = 0.08 * smooth_noise(seconds, random, 0.05, 0.15)
    return np.stack([across, upwards], axis=1), zoom
