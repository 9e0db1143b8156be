"""Self-assembly position by position in float64 numpy: what tests compare with."""

import numpy as np


def unit(x):
    return x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-8)


def around(maps, row, column):
    """Mean over the 3x3 positions that exist."""
    rows = slice(max(row - 1, 0), row + 2)
    columns = slice(max(column - 1, 0), column + 2)
    return maps[rows, columns].mean(axis=(0, 1))


def fill(features, flipped, hole, rules):
    """Fills one map [H, W, C]; the map and the shares [N, N] of known positions."""
    _, width, channels = features.shape
    flat, mirror = (np.float64(x).reshape(-1, channels) for x in (features, flipped))
    hole = hole.reshape(-1)
    known = np.flatnonzero(~hole)
    result, shares = flat.copy(), np.diag((~hole).astype(np.float64))
    steering = row_before = filled = None
    for ordinal, j in enumerate(np.flatnonzero(hole)):
        products = unit(flat[known]) @ flat[j]
        k, v = known[products.argmax()], products.max()
        row, column = divmod(j, width)
        w, near = 0.0, None
        if rules.neighbourhood != "none":
            asked = ordinal if rules.similarity_of == "ordinal" else j
            w = (unit(flat) @ mirror[asked]).max()
            near = around(flat.reshape(features.shape), row, column)
        if rules.neighbourhood == "mirrored":
            near = around(mirror.reshape(features.shape), row, width - 1 - column)
        near = flat[k] if near is None else near
        pick = np.eye(len(flat))[k]
        if ordinal == 0:
            steering, filled = 0.5 * (flat[k] + near), flat[k]
            row_before = pick
        else:
            s = unit(flat[j]) @ steering
            similarities, total = np.array([s, v, w]), s + v + w
            if rules.clamped:
                similarities = np.maximum(similarities, 0)
                total = similarities.sum() + 1e-6
            a, b, c = similarities / total
            steering = a * steering + b * flat[k] + c * near
            filled = a * filled + b * flat[k]
            row_before = a * row_before + b * pick
        result[j], shares[j] = (steering if rules.whole else filled), row_before
    return result.reshape(features.shape), shares
