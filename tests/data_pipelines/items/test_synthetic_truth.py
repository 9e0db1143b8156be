"""Truth of synthetic pictures in items of one fixed shape."""

import dataclasses

import numpy as np
import pytest

from data_pipelines.items.synthetic_truth import (
    check_lengths,
    passed_truth,
    truth_spec,
)
from data_pipelines.sources.faces import FacePicture

SIZE = 16
MADE = FacePicture(
    name="made",
    image=np.zeros((20, 20, 3), np.uint8),
    outline=np.zeros((3, 2)),
    truth={
        "gaze": np.array([0.1, -0.2], np.float32),
        "camera": np.array([7.0, 0.0, 0.0], np.float32),
    },
)
SEEN = dataclasses.replace(MADE, truth={})
HALVES = np.diag([0.5, 0.5, 1.0])


def test_vectors_are_as_stated_of_every_picture():
    lengths = {"gaze": 2, "camera": 3}
    for face, known in ((MADE, True), (SEEN, False)):
        item = passed_truth(face, lengths, HALVES, SIZE)
        spec = truth_spec(lengths)
        assert {n: (a.shape, a.dtype) for n, a in item.items()} == dict(spec)
        assert item["has_truth"] == known
        assert item["gaze"].any() == item["camera"].any() == known
    np.testing.assert_array_equal(
        passed_truth(MADE, lengths, HALVES, SIZE)["gaze"], MADE.truth["gaze"]
    )


def test_the_camera_is_that_of_the_crop():
    # Twenty pixels become ten of sixteen: the face is 10 / 16 as large.
    camera = passed_truth(MADE, {"camera": 3}, HALVES, SIZE)["camera"]
    assert camera[0] == pytest.approx(7 * 10 / 16)
    assert camera[1] < 0 < camera[2]  # towards the upper left


def test_nothing_is_asked_for():
    assert truth_spec({}) == passed_truth(MADE, {}, HALVES, SIZE) == {}


def test_turned_crops_keep_expressions_alone():
    check_lengths({"expression_params": 5}, upright=False)
    check_lengths({"camera": 3, "rotation": 3}, upright=True)
    with pytest.raises(ValueError, match="truth: camera, rotation cannot be known"):
        check_lengths({"camera": 3, "rotation": 3}, upright=False)
    with pytest.raises(ValueError, match=r"truth\.gaze: expected at least 1, got 0"):
        check_lengths({"gaze": 0}, upright=True)


@pytest.mark.parametrize("lengths", [{"gaze": 3}, {"jaw_params": 3}])
def test_other_vectors_are_refused(lengths):
    with pytest.raises(ValueError, match=r"expected 3 numbers, made has .*'gaze': 2"):
        passed_truth(MADE, lengths, HALVES, SIZE)
