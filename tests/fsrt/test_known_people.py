import numpy as np
import pytest

from face_jax.fsrt import inference
from face_jax.fsrt.known_people import (
    BOTH,
    EXPRESSION,
    MODES,
    POSE,
    Encounter,
    outcome_sheet,
    outcome_table,
    reenact,
)
from face_jax.fsrt.motion import MotionOptions
from face_jax.fsrt.scores import WHOLE, Clip
from tests.fsrt.tiny_model import IMAGE_SIZE, build_model, moving_frames

COUNT = 3


def clip(seed, count=COUNT):
    frames = moving_frames(count, IMAGE_SIZE, IMAGE_SIZE, seed)
    points = np.random.default_rng(seed).uniform(-0.6, 0.6, (count, 10, 2))
    boxes = np.tile(np.float32([4, 20, 24, 30]), (count, 1))
    return Clip(
        f"clip{seed}", frames, points.astype(np.float32), None, {"mouth": boxes}
    )


@pytest.fixture(scope="module")
def encounter():
    truths = {BOTH: clip(3), POSE: clip(4), EXPRESSION: clip(5)}
    return Encounter(clip(0, 1), clip(1, 1), clip(2), truths, clip(6, 1))


@pytest.fixture(scope="module")
def model():
    return build_model("landmarks")


@pytest.fixture(scope="module")
def outcome(model, encounter):
    return reenact(model, encounter)


def test_results_are_those_of_animate(model, encounter, outcome):
    scene = inference.encode_sources(
        model, encounter.source.frames, encounter.source.keypoints
    )
    frames = np.concatenate([encounter.initial.frames, encounter.driver.frames])
    points = np.concatenate([encounter.initial.keypoints, encounter.driver.keypoints])
    for name, options in {
        "absolute": MotionOptions(),
        "pose alone": MotionOptions(
            relative=True, adapt_scale=True, expression_strength=0.0
        ),
    }.items():
        expected = inference.animate(
            model, scene, frames, options, landmark_keypoints=points
        )
        difference = outcome.results[name].astype(int) - expected[1:]
        assert np.abs(difference).max() <= 1


def test_every_mode_is_scored_against_its_own_truth(encounter, outcome):
    mse = {
        truth: np.mean((encounter.driver.frames / 255.0 - clip.frames / 255.0) ** 2)
        for truth, clip in encounter.truths.items()
    }
    for name, mode in MODES.items():
        scores = outcome.scores[name]
        assert set(scores) == {"copy_source", "copy_driver", "model", "stranger"}
        wanted = -10 * np.log10(mse[mode.truth])
        assert scores["copy_driver"][WHOLE]["psnr"] == pytest.approx(wanted, abs=0.5)
    absolute = outcome.scores["absolute"]
    assert absolute["model"] != absolute["stranger"]


def test_the_table_has_means_and_differences(outcome):
    table = outcome_table("two people", [outcome, outcome])
    assert [row[0] for row in table.rows] == list(MODES)
    _, source, _, ours, over, wrong, mouth, _ = table.rows[0]
    scores = outcome.scores["absolute"]
    assert ours == pytest.approx(scores["model"][WHOLE]["psnr"])
    assert over == pytest.approx(ours - source)
    assert wrong == pytest.approx(ours - scores["stranger"][WHOLE]["psnr"])
    assert mouth == pytest.approx(scores["copy_source"]["mouth"]["psnr"])


def test_the_sheet_shows_truths_beside_results(encounter, outcome):
    sheet = outcome_sheet(encounter, outcome, columns=2)
    assert list(sheet.rows) == [
        "source",
        "driver",
        f"true {BOTH}",
        "absolute",
        "relative",
        f"true {POSE}",
        "pose alone",
        f"true {EXPRESSION}",
        "expression alone",
    ]
    assert {len(row) for row in sheet.rows.values()} == {2}
