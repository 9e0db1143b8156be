import numpy as np
import pytest

from data_pipelines.synth.signals import (
    frame_times,
    gaussian_smooth,
    smooth_noise,
    smooth_pulse,
    smooth_step,
)


def test_frames_are_evenly_in_time():
    np.testing.assert_allclose(frame_times(4, 25.0), [0, 0.04, 0.08, 0.12])


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_bounded_and_of_its_band(seed):
    seconds = frame_times(4000, 50.0)
    noise = smooth_noise(seconds, np.random.default_rng(seed), 0.5, 4.0)
    assert np.abs(noise).max() < 1
    assert 0.3 < noise.std() < 0.7
    power = np.abs(np.fft.rfft((noise - noise.mean()) * np.hanning(len(noise)))) ** 2
    frequency = np.fft.rfftfreq(len(noise), 1 / 50.0)
    inside = (frequency > 0.45) & (frequency < 4.1)
    # Bounding the signal adds some overtones.
    assert power[inside].sum() > 0.9 * power.sum()


def test_a_step_rests_at_both_ends_and_is_symmetric():
    x = np.linspace(-0.5, 1.5, 2001)
    step = smooth_step(x)
    assert (step[x <= 0] == 0).all() and (step[x >= 1] == 1).all()
    np.testing.assert_allclose(step + smooth_step(1 - x), 1, atol=1e-12)
    assert (np.diff(step) >= 0).all()
    speed = np.gradient(step, x)
    # Its derivative is 30 x^2 (1 - x)^2.
    inside = np.clip(x, 0, 1)
    np.testing.assert_allclose(speed, 30 * inside**2 * (1 - inside) ** 2, atol=1e-4)


def test_a_pulse_rises_holds_and_falls():
    seconds = np.array([0.0, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 9.0])
    found = smooth_pulse(seconds, start=1.0, rise=0.5, hold=1.0, fall=1.0)
    np.testing.assert_allclose(found, [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0], atol=1e-12)


def test_smoothing_is_a_gaussian_mean():
    impulse = np.zeros((41, 2))
    impulse[20] = [1.0, -3.0]
    found = gaussian_smooth(impulse, 2.0)
    kernel = np.exp(-0.5 * ((np.arange(41) - 20) / 2.0) ** 2)
    kernel[np.abs(np.arange(41) - 20) > 6] = 0
    expected = kernel[:, None] / kernel.sum() * [1.0, -3.0]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_smoothing_leaves_what_is_straight():
    np.testing.assert_allclose(gaussian_smooth(np.full(9, 0.7), 3.0), 0.7)
    line = np.arange(50.0)
    np.testing.assert_allclose(gaussian_smooth(line, 2.0)[6:-6], line[6:-6])
