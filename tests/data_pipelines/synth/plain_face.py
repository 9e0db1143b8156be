"""The 68 landmarks of a face that looks ahead, made of a few curves."""

import numpy as np


def plain_face(size: int = 128) -> np.ndarray:
    """Float64 [68, 2] in pixels of a square picture."""
    angle = np.linspace(np.pi, 0, 17)
    jaw = np.stack([0.95 * np.cos(angle), 0.1 + 1.65 * np.sin(angle) ** 1.2], axis=1)
    arc = np.linspace(-1, 1, 5)
    brow = np.stack([0.28 * arc, -0.32 - 0.06 * (1 - arc**2)], axis=1)
    bridge = np.stack([np.zeros(4), np.linspace(0.05, 0.62, 4)], axis=1)
    nostrils = np.stack([0.2 * arc, 0.75 + 0.04 * (1 - arc**2)], axis=1)
    eye = np.array(
        [[-1, 0], [-0.4, -0.4], [0.4, -0.4], [1, 0], [0.4, 0.4], [-0.4, 0.4]]
    )
    turn = np.linspace(-np.pi, np.pi, 13)[:12]
    lips = np.stack([0.38 * np.cos(turn), 1.05 + 0.14 * np.sin(turn)], axis=1)
    inner = np.linspace(-np.pi, np.pi, 9)[:8]
    gap = np.stack([0.3 * np.cos(inner), 1.05 + 0.03 * np.sin(inner)], axis=1)
    side = np.array([0.5, 0.0])
    points = [jaw, brow - side, brow + side, bridge, nostrils]
    points += [0.2 * eye - side, 0.2 * eye + side, lips, gap]
    return np.concatenate(points) * 0.26 * size + [0.5 * size, 0.4 * size]
