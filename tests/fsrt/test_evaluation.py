import json

import numpy as np
import pytest

from face_jax.fsrt import inference
from face_jax.fsrt.evaluation import (
    ABLATIONS,
    METHODS,
    Split,
    self_reenactment,
    shuffled_order,
)
from face_jax.fsrt.motion import Motion
from face_jax.fsrt.scores import WHOLE, Clip, measure
from tests.fsrt.tiny_model import IMAGE_SIZE, build_model, moving_frames

COUNT = 12
SPLIT = Split(
    train=np.array([1, 2, 3, 4, 6, 7, 8]),
    held_out={"tail": np.arange(9, COUNT), "every_fifth": np.array([0, 5, 9])},
)


def make_clip(seed=0, keypoints=None):
    boxes = np.tile([4.0, 6.0, 20.0, 22.0], (COUNT, 1))
    frames = moving_frames(COUNT, IMAGE_SIZE, IMAGE_SIZE, seed)
    return Clip(f"clip{seed}", frames, keypoints, regions={"mouth": boxes})


@pytest.fixture(scope="module")
def model():
    return build_model()


@pytest.fixture(scope="module")
def report(model):
    return self_reenactment(model, make_clip(), SPLIT, other=make_clip(1).take([0]))


def test_report_holds_every_number(report):
    for hold_out in report.hold_outs.values():
        assert list(hold_out.methods) == list(METHODS)
        assert list(hold_out.ablations) == list(ABLATIONS)
        for scores in [*hold_out.methods.values(), *hold_out.ablations.values()]:
            assert list(scores) == [WHOLE, "mouth"]
    json.dumps(report.as_dict(), allow_nan=False)


def test_the_source_frame_is_never_scored(report):
    np.testing.assert_array_equal(report.hold_outs["every_fifth"].indices, [5, 9])


def test_the_result_is_absolute_motion(model, report):
    clip = make_clip()
    scene = inference.encode_sources(model, clip.frames[:1])
    expected = inference.animate(model, scene, clip.frames[9:])
    tail = report.hold_outs["tail"]
    np.testing.assert_array_equal(tail.result, expected)
    scores = measure(expected, clip.take(tail.indices))
    assert tail.methods["model"] == scores


def test_baselines_are_in_order(report):
    for hold_out in report.hold_outs.values():
        assert hold_out.score("best_frame") >= hold_out.score("nearest_frame") - 1e-4
        assert hold_out.gain("best_frame") == pytest.approx(
            hold_out.score("model") - hold_out.score("best_frame")
        )


def test_ablations_swap_what_they_say(model, report):
    clip, tail = make_clip(), report.hold_outs["tail"]
    motion = inference.describe_frames(model, clip.frames)
    scene = inference.encode_sources(model, clip.frames[:1])
    order = tail.indices[shuffled_order(len(tail.indices))]
    mixed = Motion(motion.keypoints[order], motion.expression[tail.indices])
    expected = measure(inference.render(model, scene, mixed), clip.take(tail.indices))
    assert tail.ablations["shuffled_keypoints"] == expected
    still = np.zeros(len(tail.indices), int)
    mixed = Motion(motion.keypoints[tail.indices], motion.expression[still])
    expected = measure(inference.render(model, scene, mixed), clip.take(tail.indices))
    assert tail.ablations["source_expression"] == expected


def test_shuffling_moves_every_frame():
    for count in (2, 3, 17):
        order = shuffled_order(count)
        np.testing.assert_array_equal(np.sort(order), np.arange(count))
        assert (order != np.arange(count)).all()


def test_thinned_hold_outs_stay_spread():
    split = Split(np.arange(3), {"tail": np.arange(10, 20), "few": np.arange(4)})
    thinned = split.thinned(4)
    np.testing.assert_array_equal(thinned.held_out["tail"], [10, 13, 16, 19])
    np.testing.assert_array_equal(thinned.held_out["few"], np.arange(4))
    np.testing.assert_array_equal(thinned.train, split.train)


def test_models_driven_by_landmarks_take_them_from_the_clip():
    keypoints = np.random.default_rng(0).uniform(-0.5, 0.5, (COUNT, 10, 2))
    model = build_model("landmarks")
    clip = make_clip(keypoints=keypoints.astype(np.float32))
    split = Split(SPLIT.train, {"tail": np.arange(9, COUNT)})
    report = self_reenactment(model, clip, split)
    assert "swapped_source" not in report.hold_outs["tail"].ablations


def test_bad_input_is_named(model):
    clip = make_clip()
    with pytest.raises(ValueError, match="clip0: no training frame"):
        self_reenactment(model, clip, Split(np.array([], int), SPLIT.held_out))
    with pytest.raises(
        ValueError, match="at least 2 frames expected in hold-out 'few'"
    ):
        self_reenactment(model, clip, Split(SPLIT.train, {"few": np.array([0, 5])}))
    small = Clip("small", clip.frames[:, :16, :16])
    with pytest.raises(ValueError, match="small: frames of the model's size 32x32x3"):
        self_reenactment(model, small, SPLIT)
