"""Expressions beyond the seven classes: free ones, one-sided ones, and extreme ones.

Free ones are for training: they show actions apart that classes always put together.
The others test what was learned: whether the two sides of a face are seen apart, and
whether large actions are followed.
"""

from collections.abc import Callable, Mapping

import numpy as np

from data_pipelines.synth.actions import NUM_ACTIONS, ROW, rows_of
from data_pipelines.synth.expressions import Expression, draw_expression

Actions = tuple[str, ...]

ONE_SIDED: tuple[Actions, ...] = (
    ("mouthSmile", "cheekSquint"),
    ("mouthFrown",),
    ("mouthUpperUp", "noseSneer"),
    ("mouthLowerDown",),
    ("mouthStretch",),
    ("mouthDimple",),
    ("cheekPuff",),
    ("eyeBlink", "cheekRaiser"),
    ("eyeSquint",),
    ("eyeWide",),
    ("browOuterUp", "browInnerUp"),
    ("browDown",),
)
"""Paired actions that act together on one side: half a smile, a wink, one brow."""
ASIDE: tuple[Actions, ...] = (
    ("mouthLeft",),
    ("mouthRight",),
    ("jawLeft",),
    ("jawRight",),
)
"""Actions of the whole face that make it uneven."""
MOST_ACTIVE, MOST_PASSIVE = (0.65, 1.0), (0.0, 0.2)
"""Ranges of the weights on the active and on the other side."""

MOUTHS: tuple[Actions, ...] = (
    ("jawOpen",),
    ("jawOpen", "mouthFunnel"),
    ("jawOpen", "mouthSmile", "mouthUpperUp"),
    ("jawOpen", "mouthStretch", "mouthLowerDown"),
    ("mouthPucker", "mouthFunnel"),
    ("mouthSmile", "mouthDimple", "mouthUpperUp", "mouthLowerDown"),
    ("mouthFrown", "mouthShrugLower", "mouthShrugUpper"),
    ("mouthRollLower", "mouthRollUpper", "mouthPress"),
    ("mouthStretch", "mouthFrown", "mouthLowerDown"),
    ("cheekPuff", "mouthPucker"),
    ("noseSneer", "mouthUpperUp"),
    ("jawForward", "mouthShrugLower"),
)
BROWS: tuple[Actions, ...] = (
    ("browInnerUp", "browOuterUp"),
    ("browInnerUp",),
    ("browOuterUp",),
    ("browDown",),
    ("browDown", "browInnerUp"),
    (),
)
LIDS: tuple[Actions, ...] = (
    ("eyeWide",),
    ("eyeBlink",),
    ("eyeSquint", "cheekSquint"),
    (),
)
"""What mouth, brows and lids may do in an extreme expression."""
EXTREME = (0.85, 1.0)
"""Range of the weights there."""
UNEVEN = 0.4
"""Share of the groups of a free expression that act more on one side."""


def draw_free(random: np.random.Generator) -> Expression:
    """Draws a face whose mouth, brows and lids do what they like.

    A group of ``MOUTHS``, ``BROWS`` and ``LIDS`` each, every action with a weight of its
    own; one side of the brows, lids or mouth often does less than the other, and every
    sixth face moves mouth or jaw aside.

    Args:
      random: what it is drawn from.
    """
    weights = np.zeros(NUM_ACTIONS)
    for part in (MOUTHS, BROWS, LIDS):
        weaker = random.uniform(size=2)
        weaker[int(random.integers(2))] = 1.0
        sides = weaker if random.uniform() < UNEVEN else np.ones(2)
        for name in part[int(random.integers(len(part)))]:
            rows = rows_of(name)
            weights[rows] = random.uniform() * sides[: len(rows)]
    if random.uniform() < 1 / 6:
        (name,) = ASIDE[int(random.integers(len(ASIDE)))]
        weights[ROW[name]] = random.uniform()
    return _beside_small_movements(weights, random)


def draw_asymmetric(random: np.random.Generator) -> Expression:
    """Draws a face whose sides do different things.

    Two or three groups of ``ONE_SIDED`` act, each on a side of its own choice and much
    less on the other; every third face also moves mouth or jaw aside.

    Args:
      random: what it is drawn from.
    """
    weights = np.zeros(NUM_ACTIONS)
    count = int(random.integers(2, 4))
    for index in random.choice(len(ONE_SIDED), count, replace=False):
        left_acts = bool(random.integers(2))
        sides = (
            (MOST_ACTIVE, MOST_PASSIVE) if left_acts else (MOST_PASSIVE, MOST_ACTIVE)
        )
        for name in ONE_SIDED[index]:
            weights[rows_of(name)] = [random.uniform(*side) for side in sides]
    if random.uniform() < 1 / 3:
        (name,) = ASIDE[int(random.integers(len(ASIDE)))]
        weights[ROW[name]] = random.uniform(*MOST_ACTIVE)
    return _beside_small_movements(weights, random)


def draw_extreme(random: np.random.Generator) -> Expression:
    """Draws a face with nearly whole actions of mouth, brows and lids together.

    Args:
      random: what it is drawn from.
    """
    weights = np.zeros(NUM_ACTIONS)
    for part in (MOUTHS, BROWS, LIDS):
        for name in part[int(random.integers(len(part)))]:
            weights[rows_of(name)] = random.uniform(*EXTREME)
    return _beside_small_movements(weights, random)


SPECIAL: Mapping[str, Callable[[np.random.Generator], Expression]] = {
    "asymmetric": draw_asymmetric,
    "extreme": draw_extreme,
}
"""Kinds of special expressions by name."""


def _beside_small_movements(
    weights: np.ndarray, random: np.random.Generator
) -> Expression:
    """Adds what a neutral face of the data set does too, and its gaze."""
    neutral = draw_expression("neutral", random)
    weights = np.clip(weights + neutral.weights, 0, 1).astype(np.float32)
    return Expression(weights, neutral.gaze)
