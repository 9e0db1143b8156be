"""Locks as flat ribbons of triangles, with what shading needs at their vertices."""

import dataclasses

import numpy as np

from data_pipelines.synth.growth import SEGMENTS
from data_pipelines.synth.hair import LOCKS, Locks
from data_pipelines.synth.support import GRID, Support
from data_pipelines.synth.unrolled import SIDE

NUM_POINTS = LOCKS * (SEGMENTS + 1)
NUM_VERTICES = 2 * NUM_POINTS
"""Two for each point of the centre lines."""

_TAPER = np.array([0.2, 0.7, 0.95, 1.0, 1.0, 0.97, 0.9, 0.65, 0.1], np.float32)
"""Width of a lock along its length, as a share of its largest."""


@dataclasses.dataclass(frozen=True)
class Ribbons:
    """Points of the centre lines of all locks, with what widens them to ribbons.

    Attributes:
      anchors: [LOCKS] int32, the vertex of the head that a lock hangs on.
      offsets: [NUM_POINTS, 3] float32 metres from the lock's anchor, on the neutral
        head.
      sides: [NUM_POINTS, 3] float32 metres from the centre line to the edge of a
        ribbon that lies flat on the head.
      normals: [NUM_POINTS, 3] float32 unit, of the mass of hair more than of the
        single ribbon.
      tangents: [NUM_POINTS, 3] float32 unit, along the hair.
      shades: [NUM_POINTS] float32, factor of the hair's colour.
    """

    anchors: np.ndarray
    offsets: np.ndarray
    sides: np.ndarray
    normals: np.ndarray
    tangents: np.ndarray
    shades: np.ndarray


def ribbon_faces() -> np.ndarray:
    """Triangles [LOCKS * SEGMENTS * 2, 3] int32 of the ribbons' vertices."""
    point = np.arange(SEGMENTS)[None, :] + (SEGMENTS + 1) * np.arange(LOCKS)[:, None]
    corner = 2 * point.reshape(-1, 1)
    lower, upper = corner + np.array([[0, 1, 2]]), corner + np.array([[1, 3, 2]])
    return np.concatenate([lower, upper], axis=1).reshape(-1, 3).astype(np.int32)


def ribbon_coordinates() -> np.ndarray:
    """Place on its lock of every vertex, [NUM_VERTICES, 3] float32.

    Across from -1 to 1, along from 0 to 1, and a number of the lock in [0, 1].
    """
    across = np.tile(np.array([-1.0, 1.0], np.float32), LOCKS * (SEGMENTS + 1))
    along = np.tile(np.repeat(np.linspace(0, 1, SEGMENTS + 1), 2), LOCKS)
    lock = np.repeat((np.arange(LOCKS) * 0.618034) % 1.0, 2 * (SEGMENTS + 1))
    return np.stack([across, along, lock], axis=1).astype(np.float32)


def make_ribbons(
    locks: Locks,
    seed: int,
    support: Support,
    anchor_table: np.ndarray,
    neutral: np.ndarray,
) -> Ribbons:
    """Turns centre lines into ribbons.

    Args:
      locks: centre lines around the neutral head.
      seed: of the person.
      support: the neutral head.
      anchor_table: [GRID, GRID] int32, as ``support.anchor_table`` gives it.
      neutral: [V, 3] float32, vertices of the neutral head.

    Returns:
      The ribbons; equal for equal arguments.
    """
    random = np.random.default_rng([seed, 7])
    tangents = _tangents(locks.lines)
    outwards = support.outwards(locks.lines)
    sides = _sides(random, tangents, outwards)
    half = 0.5 * locks.widths[:, None, None] * _TAPER[None, :, None]
    normals = _unit(0.3 * np.cross(sides, tangents) + 0.9 * outwards)
    cells = np.clip(locks.roots * (GRID / SIDE), 0, GRID - 1).astype(int)
    anchors = anchor_table[cells[:, 1], cells[:, 0]]
    offsets = locks.lines - neutral[anchors][:, None]
    return Ribbons(
        anchors=anchors.astype(np.int32),
        offsets=offsets.reshape(-1, 3).astype(np.float32),
        sides=(half * sides).reshape(-1, 3).astype(np.float32),
        normals=normals.reshape(-1, 3).astype(np.float32),
        tangents=tangents.reshape(-1, 3).astype(np.float32),
        shades=_shades(random, locks).reshape(-1).astype(np.float32),
    )


def _tangents(lines: np.ndarray) -> np.ndarray:
    """Unit directions [L, P, 3] along centre lines [L, P, 3]."""
    steps = np.diff(lines, axis=1)
    inner = steps[:, 1:] + steps[:, :-1]
    return _unit(np.concatenate([steps[:, :1], inner, steps[:, -1:]], axis=1))


def _sides(
    random: np.random.Generator, tangents: np.ndarray, outwards: np.ndarray
) -> np.ndarray:
    """Unit directions [L, P, 3] across the ribbons, which lie on the head, rolled."""
    flat = _unit(np.cross(outwards, tangents))
    roll = random.normal(0.0, 0.35, (len(tangents), 1, 1))
    return _unit(np.cos(roll) * flat + np.sin(roll) * np.cross(tangents, flat))


def _shades(random: np.random.Generator, locks: Locks) -> np.ndarray:
    """Brightness [L, P]: locks differ, roots and inner layers are dark."""
    along = np.linspace(0.0, 1.0, SEGMENTS + 1)[None, :]
    own = np.exp(random.normal(0.0, 0.06, (LOCKS, 1)))
    depth = 0.8 + 0.2 * locks.layers[:, None]
    root = 0.55 + 0.45 * np.minimum(along * 3.0, 1.0)
    return own * depth * root * (1.0 + 0.12 * along)


def _unit(vectors: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(norms > 1e-9, vectors / np.maximum(norms, 1e-9), [0.0, 0.0, 1.0])
