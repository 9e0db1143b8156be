"""Mouth movements of speech: syllables as pairs of visemes that run into each other."""

import numpy as np

from data_pipelines.synth.actions import NUM_ACTIONS, action_weights
from data_pipelines.synth.signals import gaussian_smooth

CONSONANTS = {
    "pp": {
        "mouthPress": 0.35,
        "mouthRollUpper": 0.3,
        "mouthRollLower": 0.35,
        "mouthShrugLower": 0.15,
    },
    "ff": {
        "mouthRollLower": 0.55,
        "mouthUpperUp": 0.2,
        "jawOpen": 0.04,
    },
    "th": {"jawOpen": 0.13, "mouthLowerDown": 0.15, "mouthUpperUp": 0.05},
    "dd": {"jawOpen": 0.12, "mouthUpperUp": 0.1, "mouthLowerDown": 0.1},
    "kk": {"jawOpen": 0.18, "mouthLowerDown": 0.05},
    "ch": {"mouthFunnel": 0.5, "mouthPucker": 0.15, "jawOpen": 0.08},
    "ss": {
        "mouthStretch": 0.25,
        "mouthSmile": 0.1,
        "mouthUpperUp": 0.15,
        "mouthLowerDown": 0.25,
        "jawOpen": 0.04,
    },
    "rr": {"mouthFunnel": 0.3, "mouthPucker": 0.1, "jawOpen": 0.1},
}
"""Weights of actions for groups of consonants that look alike."""

VOWELS = {
    "aa": {"jawOpen": 0.55, "mouthLowerDown": 0.2, "mouthUpperUp": 0.1},
    "eh": {"jawOpen": 0.32, "mouthStretch": 0.2, "mouthSmile": 0.15},
    "ih": {"jawOpen": 0.18, "mouthSmile": 0.25, "mouthLowerDown": 0.15},
    "oh": {"jawOpen": 0.38, "mouthFunnel": 0.5},
    "uu": {"jawOpen": 0.14, "mouthPucker": 0.7, "mouthFunnel": 0.25},
}
"""The same for vowels."""

_FINE_RATE = 200.0
"""Steps per second at which mouth positions are strung together."""
_BLUR = 0.032
"""Standard deviation in seconds by which neighbouring positions run into each other."""


def draw_speech(
    seconds: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws somebody speaking: phrases of syllables with pauses between.

    Args:
      seconds: [T] times of the frames, increasing from 0.
      random: what it is drawn from.

    Returns:
      Weights float64 [T, NUM_ACTIONS], and how much is being said, float64 [T] from 0
      (silence) to 1.
    """
    last = seconds[-1] if len(seconds) else 0.0
    positions, voiced = _phrases(last + 1.0, random)
    loudness = random.uniform(0.75, 1.15)
    positions = loudness * gaussian_smooth(positions, _BLUR * _FINE_RATE)
    voiced = gaussian_smooth(voiced, 0.12 * _FINE_RATE)
    rows = np.minimum((seconds * _FINE_RATE).astype(int), len(positions) - 1)
    return positions[rows], voiced[rows]


def _phrases(
    duration: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mouth positions held one after the other, [n, NUM_ACTIONS] and [n]."""
    consonants = [action_weights(values) for values in CONSONANTS.values()]
    vowels = [action_weights(values) for values in VOWELS.values()]
    rest = np.zeros(NUM_ACTIONS)
    needed = int(duration * _FINE_RATE)
    positions: list[np.ndarray] = []
    voiced: list[float] = []

    def hold(weights: np.ndarray, length: float, voice: float) -> None:
        steps = max(1, round(length * _FINE_RATE))
        positions.extend([weights] * steps)
        voiced.extend([voice] * steps)

    hold(rest, random.uniform(0.1, 0.5), 0.0)
    while len(positions) < needed:
        speed = random.uniform(0.85, 1.25)
        for _ in range(int(random.integers(4, 16))):
            stress = random.uniform(0.65, 1.1)
            consonant = consonants[int(random.integers(len(consonants)))]
            vowel = vowels[int(random.integers(len(vowels)))]
            hold(consonant, random.uniform(0.06, 0.1) / speed, 1.0)
            hold(stress * vowel, random.uniform(0.08, 0.17) / speed, 1.0)
        hold(rest, random.uniform(0.25, 1.1), 0.0)
    return np.stack(positions), np.array(voiced)
