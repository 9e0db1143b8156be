"""Encoders' learned points that are taught landmarks."""

import jax
import numpy as np
import pytest

from face_jax.smirk.encoder import POINTS
from face_jax.smirk.point_terms import point_terms, split_points

BATCH, SIDE, COUNT = 3, 6, 122


def landmarks(seed=0, reach=0.9):
    draw = np.random.default_rng(seed).uniform
    return {
        "landmarks_mediapipe": draw(-reach, reach, (BATCH, 105, 2)).astype(np.float32),
        "landmarks_68": draw(-reach, reach, (BATCH, 68, 2)).astype(np.float32),
        "has_landmarks_68": np.ones(BATCH, bool),
    }


def maps(seed=0, points=COUNT):
    draw = np.random.default_rng(seed).normal
    return draw(size=(BATCH, SIDE, SIDE, points)).astype(np.float32)


def taught(batch):
    return np.concatenate(
        [batch["landmarks_mediapipe"], batch["landmarks_68"][:, :17]], axis=1
    )


def expected(logits, batch):
    """Both terms of one encoder in float64, point by point."""
    where = (taught(batch).astype(np.float64) + 1) / 2 * SIDE - 0.5
    where = np.clip(where, 0, SIDE - 1)
    line = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    distances, entropies = np.zeros((2, BATCH, COUNT))
    for row, point in np.ndindex(BATCH, COUNT):
        chances = np.exp(logits[row, ..., point].astype(np.float64))
        chances /= chances.sum()
        place = [chances.sum(0) @ line, chances.sum(1) @ line]
        x, y = where[row, point]
        reached = np.array([x + 0.5, y + 0.5]) / SIDE * 2 - 1
        distances[row, point] = np.abs(place - reached).mean()
        for j, i in np.ndindex(SIDE, SIDE):
            share = max(0, 1 - abs(x - i)) * max(0, 1 - abs(y - j))
            entropies[row, point] -= share * np.log(chances[j, i])
    return distances, entropies


def test_terms_are_distances_and_cross_entropies_summed_over_encoders():
    batch, logits = landmarks(reach=1.2), {"one": maps(1), "other": maps(2)}
    found = jax.jit(point_terms)(logits, batch)
    wanted = [expected(each, batch) for each in logits.values()]
    for name, index in (("points", 0), ("heatmaps", 1)):
        total = sum(both[index].mean() for both in wanted)
        np.testing.assert_allclose(found[name], total, rtol=1e-5)


def test_whose_landmarks_are_not_known_does_not_count():
    batch, logits = landmarks(), {"one": maps(1, COUNT + 3)}
    batch["has_landmarks_68"] = np.array([True, False, True])
    batch["landmarks_68"][1] = np.nan
    batch["has_landmarks_mediapipe"] = np.array([False, True, False])
    batch["landmarks_mediapipe"][[0, 2]] = np.nan
    value, gradient = jax.value_and_grad(
        lambda maps: sum(point_terms(maps, batch).values())
    )(logits)
    known = {n: np.nan_to_num(v) for n, v in batch.items()}
    each = sum(expected(logits["one"][..., :COUNT], known))
    total = (each[1, :105].sum() + each[[0, 2], 105:].mean(0).sum()) / COUNT
    np.testing.assert_allclose(value, total, rtol=1e-5)
    gradient = np.asarray(gradient["one"])
    assert np.isfinite(gradient).all() and not gradient[..., COUNT:].any()
    assert gradient[1, ..., :105].any() and not gradient[0, ..., :105].any()


def test_points_are_taken_out_of_the_state():
    stats = {"mean": np.ones(2)}
    changed = {"one": {"batch_stats": stats, POINTS: {"logits": maps()}}}
    logits, others = split_points(changed)
    np.testing.assert_array_equal(logits["one"], maps())
    assert others == {"one": {"batch_stats": stats}}
    with pytest.raises(ValueError, match=r"networks\.one\.points: .* got 0"):
        split_points({"one": {"batch_stats": stats}})


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match=r"points: expected at least 122.* got 64"):
        point_terms({"shape_encoder": maps(points=64)}, landmarks())
