from fractions import Fraction

import numpy as np
import pytest

from data_pipelines.video import VideoReader
from face_jax.cli import demo_report
from face_jax.fsrt.evaluation import Split
from face_jax.fsrt.scores import Clip
from face_jax.fsrt.suite import Subject
from tests.fsrt.tiny_model import IMAGE_SIZE, build_model, moving_frames


@pytest.fixture(scope="module")
def subject():
    split = Split(np.arange(1, 4), {"tail": np.array([4, 5])})
    return Subject(Clip("me", moving_frames(6, IMAGE_SIZE, IMAGE_SIZE)), split, (0,))


def test_video_shows_driver_and_result(tmp_path, subject):
    path = tmp_path / "reenactment.mp4"
    demo_report.write_video(path, build_model(), subject, Fraction(25))
    with VideoReader(path) as reader:
        assert reader.info.fps == 25 and len(reader) == 6
        frames = reader.read(range(6))
    assert frames.shape[1:3] == (256 + demo_report.STRIP_HEIGHT, 512)
    driver = frames[2, 4:256:8, 4:256:8].astype(float)
    assert np.abs(driver - subject.clip.frames[2]).mean() < 12
    strip = frames[:, -3, -3].astype(float)
    assert np.abs(strip[2] - demo_report.SEEN).max() < 12
    assert np.abs(strip[4] - demo_report.UNSEEN).max() < 12


def test_training_time_counts_steps_only():
    records = [
        {"step": 10, "clock/seconds_per_step": 0.5},
        {"step": 10, "heldout/psnr": 20.0},
        {"step": 30, "clock/seconds_per_step": 0.1},
    ]
    assert demo_report.training_seconds(records) == pytest.approx(7.0)


def test_machine_is_named():
    facts = demo_report.machine()
    assert "cores" in facts["processor"] and "JAX" in facts["software"]
