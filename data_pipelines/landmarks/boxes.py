"""Boxes [4]: left, top, right, bottom as pixel edges."""

import numpy as np


def area(box: np.ndarray) -> float:
    """In square pixels."""
    return float((box[2] - box[0]) * (box[3] - box[1]))


def centre(box: np.ndarray) -> np.ndarray:
    """(x, y) of the middle, float [2]."""
    return (box[:2] + box[2:]) / 2


def overlap(box: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    low = np.maximum(box[:2], other[:2])
    high = np.minimum(box[2:], other[2:])
    common = area(np.concatenate([low, np.maximum(high, low)]))
    return common / max(area(box) + area(other) - common, 1e-9)
