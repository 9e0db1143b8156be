import dataclasses

import numpy as np
import pytest

from data_pipelines.synth.face_parameters import (
    FaceParameters,
    sample_identity,
    sample_motion,
)

NAMES = [field.name for field in dataclasses.fields(FaceParameters)]


def tracks(motion):
    return {name: np.array([getattr(p, name) for p in motion]) for name in NAMES}


def test_identities_follow_from_the_seed_and_differ():
    assert sample_identity(3) == sample_identity(3)
    people = [sample_identity(seed) for seed in range(20)]
    assert len({person.skin for person in people}) > 3
    assert len({person.width for person in people}) == 20
    assert len(set(people)) == 20  # hashable


def test_motion_follows_from_the_seed():
    assert sample_motion(5, 1) == sample_motion(5, 1)
    assert sample_motion(5, 1) != sample_motion(5, 2)
    assert sample_motion(90, 1)[:50] == sample_motion(50, 1)
    assert sample_motion(1, 1) == [FaceParameters()]
    assert sample_motion(0, 1) == []


@pytest.mark.parametrize("seed", range(4))
def test_motion_is_smooth_and_within_range(seed):
    motion = tracks(sample_motion(300, seed))
    for name in ("blink", "brow_frown", "mouth_open", "pucker"):
        assert motion[name].min() >= 0
    for name in NAMES[6:]:
        assert np.abs(motion[name]).max() <= 1
        assert np.ptp(motion[name]) > 0.3
        assert np.abs(np.diff(motion[name])).max() < 0.75
    for name, limit in (("yaw", 30), ("pitch", 15), ("roll", 12)):
        assert limit / 4 < np.abs(motion[name]).max() <= limit
        assert np.abs(np.diff(motion[name])).max() < limit / 8


def test_expression_does_not_follow_the_pose():
    motions = [tracks(sample_motion(250, seed)) for seed in range(12)]
    for expression in ("mouth_open", "smile", "brow_raise", "gaze_x"):
        together = [np.corrcoef(m["yaw"], m[expression])[0, 1] for m in motions]
        assert abs(np.mean(together)) < 0.35
