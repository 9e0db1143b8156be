"""Names of facial actions that expressions and speech are made of.

They are the blend shapes that animators know from ARKit, with the two sides of the face
apart (``_L`` is the subject's left), as the ICT head and the built-in head spell them.
Gaze is not among them: it is an angle, see ``rig.py``.
"""

from collections.abc import Mapping

import numpy as np

# fmt: off
PAIRED = (
    "browDown", "browInnerUp", "browOuterUp",
    "cheekPuff", "cheekRaiser", "cheekSquint",
    "eyeBlink", "eyeSquint", "eyeWide",
    "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile",
    "mouthStretch", "mouthUpperUp", "noseSneer",
)
"""Actions with a left and a right half."""
SINGLE = (
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthFunnel", "mouthLeft", "mouthPucker", "mouthRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
)
"""Actions of the whole face."""
# fmt: on

ACTIONS = tuple(f"{name}_{side}" for name in PAIRED for side in "LR") + SINGLE
"""All names, in the order of every array of action weights."""
NUM_ACTIONS = len(ACTIONS)
ROW = {name: row for row, name in enumerate(ACTIONS)}
"""Place of each name in ``ACTIONS``."""

MOUTH = np.array([name.startswith(("mouth", "jaw")) for name in ACTIONS])
"""Bool [NUM_ACTIONS]: actions that speech moves."""


def action_weights(values: Mapping[str, float]) -> np.ndarray:
    """Weights of all actions from those of a few.

    Args:
      values: weights by name; a paired name without side means both sides.

    Returns:
      float32 [NUM_ACTIONS], zero where nothing is said.

    Raises:
      ValueError: a name is unknown.
    """
    weights = np.zeros(NUM_ACTIONS, np.float32)
    for name, value in values.items():
        weights[rows_of(name)] = value
    return weights


def rows_of(name: str) -> list[int]:
    """Places of one action in ``ACTIONS``: two for a paired name without side.

    Raises:
      ValueError: the name is unknown.
    """
    names = [f"{name}_L", f"{name}_R"] if name in PAIRED else [name]
    if names[0] not in ROW:
        known = ", ".join((*PAIRED, *SINGLE))
        raise ValueError(f"action: expected one of {known}, got {name!r}")
    return [ROW[name] for name in names]
