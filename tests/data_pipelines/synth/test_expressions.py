import numpy as np
import pytest

from data_pipelines.synth.actions import (
    ACTIONS,
    NUM_ACTIONS,
    ROW,
    action_weights,
    rows_of,
)
from data_pipelines.synth.expressions import CLASSES, draw_expression


def draws(label: str, count: int = 40) -> np.ndarray:
    found = [
        draw_expression(label, np.random.default_rng([7, i])) for i in range(count)
    ]
    return np.stack([face.weights for face in found])


def test_action_names():
    assert len(set(ACTIONS)) == NUM_ACTIONS
    weights = action_weights({"mouthSmile": 0.5, "jawOpen": 1.0, "browDown_L": 0.2})
    assert weights[ROW["mouthSmile_L"]] == weights[ROW["mouthSmile_R"]] == 0.5
    assert weights.sum() == pytest.approx(2.2)
    with pytest.raises(ValueError, match="got 'smile'"):
        rows_of("smile")


@pytest.mark.parametrize(
    ("label", "action"),
    [
        ("happiness", "mouthSmile_L"),
        ("sadness", "mouthFrown_R"),
        ("surprise", "browOuterUp_L"),
        ("fear", "mouthStretch_L"),
        ("disgust", "noseSneer_L"),
        ("anger", "browDown_R"),
    ],
)
def test_each_emotion_has_the_action_that_marks_it(label, action):
    marks = {name: draws(name)[:, ROW[action]].mean() for name in CLASSES}
    assert max(marks, key=marks.__getitem__) == label


def test_classes_can_be_told_apart_and_vary():
    means = np.stack([draws(label).mean(axis=0) for label in CLASSES])
    for number, label in enumerate(CLASSES):
        weights = draws(label)
        away = np.linalg.norm(weights[:, None] - means, axis=2)
        assert (away.argmin(axis=1) == number).mean() > 0.9
        assert weights.min() >= 0 and weights.max() <= 1
        assert label == "neutral" or weights.std(axis=0).max() > 0.1
    assert np.abs(means[0]).max() < 0.05


def test_faces_are_a_little_uneven():
    smile = draws("happiness")
    left, right = smile[:, ROW["mouthSmile_L"]], smile[:, ROW["mouthSmile_R"]]
    assert 0.01 < np.abs(left - right).mean() < 0.15


def test_intensity_scales_the_display():
    faint = draw_expression("anger", np.random.default_rng(3), 0.2).weights
    full = draw_expression("anger", np.random.default_rng(3), 1.0).weights
    assert faint.sum() < 0.35 * full.sum()


@pytest.mark.parametrize(("label", "intensity"), [("joy", None), ("anger", 1.5)])
def test_wrong_input_is_refused(label, intensity):
    with pytest.raises(ValueError, match="expected"):
        draw_expression(label, np.random.default_rng(0), intensity)
