"""Seven classes of expression as distributions over facial actions.

Each class has one or more variants: a smile may be closed or show the teeth. A variant
lists the actions that the Facial Action Coding System gives the emotion, each with the
range of its weight in a full display. A draw adds what real faces do: intensity,
differences between the two sides, small movements that belong to nothing, and gaze.
"""

import dataclasses

import numpy as np

from data_pipelines.expression_names import EXPRESSIONS
from data_pipelines.synth.actions import NUM_ACTIONS, ROW, rows_of

CLASSES = EXPRESSIONS[:7]
"""Names of the classes, in the order of their numbers."""

LEAST_INTENSITY = 0.75
"""Of a drawn display; 1 is a full one."""

Variant = dict[str, tuple[float, float]]

VARIANTS: dict[str, tuple[Variant, ...]] = {
    "neutral": ({},),
    "happiness": (
        {
            "mouthSmile": (0.9, 1.0),
            "cheekSquint": (0.4, 0.8),
            "cheekRaiser": (0.1, 0.4),
            "eyeSquint": (0.1, 0.3),
            "mouthDimple": (0.1, 0.4),
        },
        {
            "mouthSmile": (0.95, 1.0),
            "cheekSquint": (0.4, 0.8),
            "cheekRaiser": (0.1, 0.4),
            "eyeSquint": (0.1, 0.3),
            "mouthUpperUp": (0.3, 0.5),
            "mouthLowerDown": (0.2, 0.4),
            "jawOpen": (0.05, 0.15),
        },
        {
            "mouthSmile": (0.95, 1.0),
            "cheekSquint": (0.5, 0.9),
            "cheekRaiser": (0.1, 0.4),
            "eyeSquint": (0.15, 0.4),
            "mouthUpperUp": (0.3, 0.5),
            "mouthLowerDown": (0.1, 0.3),
            "jawOpen": (0.25, 0.45),
        },
    ),
    "sadness": (
        {
            "browInnerUp": (0.85, 1.0),
            "browDown": (0.15, 0.4),
            "mouthFrown": (0.75, 1.0),
            "mouthShrugLower": (0.4, 0.8),
            "eyeBlink": (0.1, 0.3),
            "cheekSquint": (0.0, 0.25),
        },
        {
            "browInnerUp": (0.9, 1.0),
            "browDown": (0.25, 0.5),
            "mouthFrown": (0.7, 1.0),
            "mouthStretch": (0.1, 0.3),
            "mouthPress": (0.1, 0.4),
            "eyeSquint": (0.2, 0.5),
            "eyeBlink": (0.15, 0.35),
        },
    ),
    "surprise": (
        {
            "browInnerUp": (0.85, 1.0),
            "browOuterUp": (0.85, 1.0),
            "eyeWide": (0.75, 1.0),
            "jawOpen": (0.5, 0.9),
            "mouthFunnel": (0.2, 0.5),
        },
        {
            "browInnerUp": (0.8, 1.0),
            "browOuterUp": (0.85, 1.0),
            "eyeWide": (0.7, 1.0),
            "jawOpen": (0.3, 0.5),
            "mouthFunnel": (0.4, 0.7),
            "mouthPucker": (0.0, 0.2),
        },
    ),
    "fear": (
        {
            "browInnerUp": (0.9, 1.0),
            "browOuterUp": (0.3, 0.5),
            "browDown": (0.2, 0.4),
            "eyeWide": (0.9, 1.0),
            "mouthStretch": (0.8, 1.0),
            "mouthLowerDown": (0.35, 0.65),
            "mouthUpperUp": (0.05, 0.2),
            "mouthFrown": (0.1, 0.35),
            "jawOpen": (0.15, 0.35),
        },
        {
            "browInnerUp": (0.9, 1.0),
            "browOuterUp": (0.15, 0.35),
            "browDown": (0.25, 0.45),
            "eyeWide": (0.9, 1.0),
            "mouthStretch": (0.9, 1.0),
            "mouthLowerDown": (0.5, 0.8),
            "mouthFrown": (0.15, 0.4),
            "jawOpen": (0.03, 0.12),
        },
    ),
    "disgust": (
        {
            "noseSneer": (0.9, 1.0),
            "mouthUpperUp": (0.5, 0.8),
            "mouthShrugUpper": (0.1, 0.4),
            "browDown": (0.2, 0.45),
            "eyeSquint": (0.45, 0.7),
            "cheekSquint": (0.1, 0.4),
            "mouthFrown": (0.3, 0.6),
            "mouthShrugLower": (0.3, 0.6),
        },
        {
            "noseSneer": (0.95, 1.0),
            "mouthUpperUp": (0.75, 1.0),
            "mouthLowerDown": (0.1, 0.3),
            "browDown": (0.15, 0.4),
            "eyeSquint": (0.5, 0.75),
            "cheekRaiser": (0.1, 0.4),
            "mouthFrown": (0.3, 0.6),
            "jawOpen": (0.05, 0.15),
        },
    ),
    "anger": (
        {
            "browDown": (0.95, 1.0),
            "eyeSquint": (0.45, 0.7),
            "eyeWide": (0.0, 0.2),
            "cheekSquint": (0.1, 0.3),
            "mouthPress": (0.8, 1.0),
            "mouthRollLower": (0.2, 0.5),
            "mouthRollUpper": (0.2, 0.4),
            "mouthFrown": (0.05, 0.25),
            "mouthShrugLower": (0.15, 0.4),
            "noseSneer": (0.6, 0.8),
            "jawForward": (0.0, 0.4),
        },
        {
            "browDown": (0.95, 1.0),
            "eyeSquint": (0.35, 0.6),
            "eyeWide": (0.0, 0.2),
            "noseSneer": (0.45, 0.7),
            "mouthUpperUp": (0.25, 0.45),
            "mouthLowerDown": (0.7, 1.0),
            "mouthStretch": (0.3, 0.6),
            "mouthFunnel": (0.0, 0.2),
            "jawOpen": (0.04, 0.12),
            "jawForward": (0.0, 0.4),
        },
        {
            "browDown": (0.95, 1.0),
            "eyeSquint": (0.4, 0.65),
            "eyeWide": (0.0, 0.15),
            "noseSneer": (0.5, 0.8),
            "mouthUpperUp": (0.35, 0.55),
            "mouthLowerDown": (0.6, 0.9),
            "mouthStretch": (0.2, 0.4),
            "mouthFunnel": (0.0, 0.15),
            "jawOpen": (0.22, 0.4),
        },
    ),
}
"""Ranges of action weights in a full display, for each variant of each class."""

SPREAD_OF_SIDES = 0.08
"""Standard deviation of the relative difference between left and right."""
NOISE = 0.03
"""Standard deviation of what moves beside the display; weights stay above zero."""
DOWNCAST = {"sadness": 0.5}
"""Share of the displays of a class in which the eyes look down."""


@dataclasses.dataclass(frozen=True)
class Expression:
    """One face at one moment.

    Attributes:
      weights: float32 [NUM_ACTIONS] in [0, 1], in the order of ``ACTIONS``.
      gaze: float32 [2] radians relative to the head: yaw to the subject's left, pitch
        up.
    """

    weights: np.ndarray
    gaze: np.ndarray


def draw_expression(
    label: str, random: np.random.Generator, intensity: float | None = None
) -> Expression:
    """Draws a face that shows an emotion.

    Args:
      label: a name in ``CLASSES``.
      random: what it is drawn from.
      intensity: in [0, 1]; None draws one from ``LEAST_INTENSITY`` to 1.

    Returns:
      The expression; neutral faces have noise and gaze alone.

    Raises:
      ValueError: the class is unknown or the intensity out of range.
    """
    if label not in VARIANTS:
        raise ValueError(f"label: expected one of {', '.join(CLASSES)}, got {label!r}")
    drawn = float(random.uniform(LEAST_INTENSITY, 1.0))
    strength = drawn if intensity is None else intensity
    if not 0 <= strength <= 1:
        raise ValueError(f"intensity: expected 0 to 1, got {intensity}")
    weights = strength * _display(label, random)
    weights *= 1 + SPREAD_OF_SIDES * random.standard_normal(NUM_ACTIONS)
    weights += _noise(random)
    return Expression(
        np.clip(weights, 0, 1).astype(np.float32), _gaze(label, strength, random)
    )


def _display(label: str, random: np.random.Generator) -> np.ndarray:
    """Float64 [NUM_ACTIONS], one variant at full intensity."""
    variants = VARIANTS[label]
    variant = variants[int(random.integers(len(variants)))]
    weights = np.zeros(NUM_ACTIONS)
    for name, (low, high) in variant.items():
        weights[rows_of(name)] = random.uniform(low, high)
    return weights


def _noise(random: np.random.Generator) -> np.ndarray:
    """Small movements; jaws open and lids close far more visibly than others move."""
    noise = NOISE * np.abs(random.standard_normal(NUM_ACTIONS))
    noise *= random.uniform(size=NUM_ACTIONS) < 0.5
    noise[[ROW["jawOpen"], ROW["eyeBlink_L"], ROW["eyeBlink_R"]]] *= 0.5
    noise[ROW["eyeBlink_R"]] = noise[ROW["eyeBlink_L"]]
    return noise


def _gaze(label: str, strength: float, random: np.random.Generator) -> np.ndarray:
    """Float32 [2]: mostly at the viewer, with some who look elsewhere."""
    elsewhere = random.uniform() < 0.25
    spread = np.radians([10.0, 5.0]) if elsewhere else np.radians([2.5, 1.5])
    gaze = spread * np.clip(random.standard_normal(2), -2, 2)
    if random.uniform() < DOWNCAST.get(label, 0.0):
        gaze[1] -= strength * np.radians(random.uniform(8, 16))
    return gaze.astype(np.float32)
