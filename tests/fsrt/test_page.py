import numpy as np
import pytest

from face_jax.fsrt.evaluation import Split
from face_jax.fsrt.page import Story, build_page, training_curves
from face_jax.fsrt.scores import Clip
from face_jax.fsrt.suite import Subject, evaluate
from tests.fsrt.tiny_model import IMAGE_SIZE, build_model, moving_frames

RECORDS = [
    {"step": 10, "train/generator/mse": 0.1},
    {"step": 20, "train/generator/mse": 0.01},
    {"step": 20, "tail/psnr": 21.0, "tail/psnr_copy": 18.0},
]


@pytest.fixture(scope="module")
def story():
    split = Split(np.arange(1, 6), {"tail": np.array([6, 7])})
    frames = [moving_frames(8, IMAGE_SIZE, IMAGE_SIZE, seed) for seed in range(2)]
    subjects = [Subject(Clip(f"clip{i}", f), split, (0,)) for i, f in enumerate(frames)]
    return Story(
        results=evaluate(build_model(), subjects),
        records=RECORDS,
        video=b"mp4",
        seconds=372.0,
        parameters=763_000,
        facts={"processor": "two cores"},
        commands=["face-jax demo --clip me.mp4"],
    )


def test_curves_are_in_decibels():
    assert training_curves(RECORDS) == [
        {"step": 10, "training pixels": pytest.approx(10.0)},
        {"step": 20, "training pixels": pytest.approx(20.0)},
        {"step": 20, "held-out frames": 21.0, "copying the source frame": 18.0},
    ]


def test_page_tells_the_story(story):
    page = build_page(story)
    found = story.results.reports[0].hold_outs["tail"]
    for text in (
        "0.76 million weights",
        "6 minutes",
        f"{found.gain('copy_source'):+.1f} dB",
        "data:video/mp4;base64,",
        "driving frames shuffled in time",
        "absolute motion",
        "face-jax demo --clip me.mp4",
        "two cores",
    ):
        assert text in page
