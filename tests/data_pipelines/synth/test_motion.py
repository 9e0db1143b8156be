import numpy as np
import pytest

from data_pipelines.synth.actions import MOUTH, ROW
from data_pipelines.synth.eye_motion import LARGEST_GAZE, draw_blinks, draw_gaze
from data_pipelines.synth.motion import STYLES, draw_motion
from data_pipelines.synth.signals import (
    frame_times,
    gaussian_smooth,
    smooth_noise,
    smooth_pulse,
    smooth_step,
)
from data_pipelines.synth.speech import draw_speech


@pytest.mark.parametrize("style", STYLES)
def test_motion_is_deterministic_and_within_its_ranges(style):
    first, again = draw_motion(100, 5, style), draw_motion(100, 5, style)
    assert len(first) == 100
    for name in ("weights", "gaze", "rotation", "shift", "zoom", "labels"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert first.weights.min() >= 0 and first.weights.max() <= 1
    assert (np.abs(first.gaze) <= LARGEST_GAZE + 1e-6).all()
    assert np.abs(first.rotation).max() < np.radians(45)
    assert (draw_motion(100, 6, style).rotation != first.rotation).any()


def test_clips_begin_neutral_and_straight():
    motion = draw_motion(50, 1)
    for values in (motion.weights, motion.gaze, motion.rotation, motion.shift):
        assert np.abs(values[0]).max() < 1e-6
    assert motion.labels[0] == 0 and motion.zoom[0] == 1


def test_motion_is_smooth_but_for_lids_and_lips():
    motion = draw_motion(500, 2, "emoting")
    steps = np.abs(np.diff(motion.weights, axis=0)).max(axis=0)
    quick = [ROW[f"{name}_{side}"] for name in ("eyeBlink", "eyeWide") for side in "LR"]
    assert np.delete(steps, quick).max() < 0.35
    assert np.abs(np.diff(motion.rotation, axis=0)).max() < np.radians(6)


def test_styles_show_what_they_say():
    emoting, speaking = (
        draw_motion(1500, 3, "emoting"),
        draw_motion(1500, 3, "speaking"),
    )
    assert set(emoting.labels) == set(range(7))
    assert (speaking.labels == 0).all()
    changes = [
        np.abs(np.diff(m.weights[:, MOUTH], axis=0)).mean() for m in (speaking, emoting)
    ]
    assert changes[0] > 2 * changes[1]


def test_people_blink_naturally():
    closed = draw_blinks(frame_times(25 * 600, 25.0), np.random.default_rng(0))
    shut = closed > 0.5
    starts = np.flatnonzero(shut[1:] & ~shut[:-1])
    assert 10 < len(starts) / 10 < 22
    assert 2 <= shut.sum() / len(starts) <= 8
    assert closed.max() == 1


def test_eyes_stay_on_the_viewer_while_the_head_turns():
    seconds = frame_times(1000, 25.0)
    head = np.stack([0.4 * np.sin(seconds), 0 * seconds], axis=1)
    gaze = draw_gaze(seconds, head, np.random.default_rng(0))
    assert np.corrcoef(gaze[:, 0], -head[:, 0])[0, 1] > 0.8


def test_speech_has_syllables_and_pauses():
    seconds = frame_times(1000, 25.0)
    weights, voice = draw_speech(seconds, np.random.default_rng(4))
    jaw = weights[:, ROW["jawOpen"]]
    assert 0.1 < (voice < 0.1).mean() < 0.5
    assert jaw[voice < 0.01].max() < 0.2
    turns = np.diff(np.sign(np.diff(jaw[voice > 0.9])))
    assert 4 < 25 * np.count_nonzero(turns < 0) / (voice > 0.9).sum() < 9


def test_signals():
    seconds = frame_times(2000, 25.0)
    wave = smooth_noise(seconds, np.random.default_rng(0), 0.2, 1.0)
    assert np.abs(wave).max() < 1 and 0.3 < wave.std() < 0.7
    pulse = smooth_pulse(seconds, 1.0, 0.5, 1.0, 0.5)
    assert pulse[0] == 0 and pulse[50] == 1 and pulse[100] == 0
    np.testing.assert_allclose(smooth_step(np.array([-1, 0.5, 2.0])), [0, 0.5, 1])
    spike = np.zeros((41, 2))
    spike[20] = 1
    np.testing.assert_allclose(gaussian_smooth(spike, 3.0).sum(axis=0), 1, rtol=1e-6)
    np.testing.assert_allclose(gaussian_smooth(np.ones(9), 2.0), 1)


@pytest.mark.parametrize(("frames", "style"), [(0, "mixed"), (5, "dancing")])
def test_wrong_input_is_refused(frames, style):
    with pytest.raises(ValueError, match="expected"):
        draw_motion(frames, 0, style)
