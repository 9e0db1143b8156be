"""The bones of a hand, back towards the viewer, fingers up.

Lengths are in units of the distance between the eyes of the same person. The frame is
x to the right, y down, heights to the viewer; the origin is in the middle of the back
of the hand and the thumb points to the left.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from data_pipelines.synth.occluders.relief import Limb

_KNUCKLES = np.array([[-0.46, -0.58], [-0.15, -0.68], [0.17, -0.62], [0.46, -0.46]])
"""Where index, middle, ring and little finger begin."""
_LENGTHS = (
    (0.62, 0.38, 0.27),
    (0.68, 0.42, 0.29),
    (0.63, 0.40, 0.28),
    (0.48, 0.28, 0.24),
)
"""Of the three bones of each finger."""
_RADII = (0.158, 0.142, 0.128, 0.1)
"""At the knuckle, the two joints and the tip of the middle finger."""
_WIDTHS = (1.0, 1.02, 0.97, 0.84)
"""Width of each finger over that of the middle one."""
_LEAN = np.radians([-7.0, -1.0, 6.0, 14.0])
"""Direction of each finger in a relaxed hand, clockwise from straight up."""
_BENDS = np.radians([38.0, 105.0, 65.0])
"""Of the three joints of a finger in a fist."""
_WRIST = np.array([0.0, 0.98])
_ELBOW = np.array([0.0, 4.98])


@dataclasses.dataclass(frozen=True)
class Grip:
    """How the fingers are held.

    Attributes:
      curl: of index, middle, ring and little finger: 0 stretched to 1 in a fist.
      spread: how far the fingers are apart: 0 touching to 1 relaxed, 2 spread.
      thumb: radians by which the thumb is away from the index finger.
    """

    curl: Sequence[float] = (0.1, 0.1, 0.12, 0.15)
    spread: float = 1.0
    thumb: float = 0.7


@dataclasses.dataclass(frozen=True)
class HandBones:
    """The parts of one hand.

    Attributes:
      palm: limbs from the wrist to the knuckles.
      fingers: three limbs of each finger, the thumb last.
      forearm: one limb, from the wrist away.
      knuckles: [4, 2] where fingers begin.
      flatness: [5], 1 where the back of the fingertip faces the viewer, 0 or less
        where it is hidden.
    """

    palm: list[Limb]
    fingers: list[list[Limb]]
    forearm: Limb
    knuckles: np.ndarray
    flatness: np.ndarray


def hand_bones(grip: Grip) -> HandBones:
    """Bones of a hand that is held in some way."""
    palm = [
        Limb(
            np.append(0.45 * knuckle * [1, 0] + _WRIST, 0.0),
            np.append(knuckle, 0.0),
            radii,
        )
        for knuckle, radii in zip(
            _KNUCKLES,
            ((0.23, 0.19), (0.25, 0.19), (0.24, 0.18), (0.21, 0.17)),
            strict=True,
        )
    ]
    found = [_finger(number, grip) for number in range(4)]
    thumb, thumb_flatness = _thumb(grip)
    forearm = Limb(np.append(_WRIST, -0.05), np.append(_ELBOW, -0.05), (0.35, 0.62))
    return HandBones(
        palm=palm,
        fingers=[limbs for limbs, _ in found] + [thumb],
        forearm=forearm,
        knuckles=_KNUCKLES,
        flatness=np.array([flatness for _, flatness in found] + [thumb_flatness]),
    )


def _finger(number: int, grip: Grip) -> tuple[list[Limb], float]:
    lean = _LEAN[number] * grip.spread * (1 - 0.6 * grip.curl[number])
    ahead = np.array([np.sin(lean), -np.cos(lean)])
    joint = np.append(_KNUCKLES[number] - 0.05 * ahead, 0.1)
    radii = np.array(_RADII) * _WIDTHS[number]
    bent, limbs = 0.0, []
    for part, length in enumerate(_LENGTHS[number]):
        bent += _BENDS[part] * grip.curl[number]
        step = np.append(length * np.cos(bent) * ahead, -length * np.sin(bent))
        limbs.append(Limb(joint, joint + step, (radii[part], radii[part + 1])))
        joint = joint + step
    return limbs, float(np.cos(bent))


def _thumb(grip: Grip) -> tuple[list[Limb], float]:
    joint, limbs = np.array([-0.34, 0.62, 0.0]), []
    lengths, radii = (0.62, 0.46, 0.3), (0.27, 0.185, 0.158, 0.115)
    turns = np.cumsum([grip.thumb, -0.45 * grip.thumb + 0.05, 0.05])
    for part, (length, turn) in enumerate(zip(lengths, turns, strict=True)):
        ahead = np.array([-np.sin(turn), -np.cos(turn), -0.05])
        end = joint + length * ahead
        limbs.append(Limb(joint, end, (radii[part], radii[part + 1])))
        joint = end
    return limbs, 0.8
