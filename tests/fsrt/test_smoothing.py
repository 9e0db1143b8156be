import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt import smoothing
from face_jax.fsrt.motion import Motion
from face_jax.fsrt.smoothing import MotionFilter, smooth
from face_jax.temporal.jitter import jitter
from tests.temporal.test_one_euro import reference


def clip(path, noise=0.0, seed=0):
    """Ten keypoints and a vector of eight that follow ``path`` [T]."""
    rng = np.random.default_rng(seed)
    offsets = np.linspace(-0.5, 0.5, 20).reshape(10, 2)
    keypoints = path[:, None, None] + offsets
    expression = path[:, None] + np.linspace(-1, 1, 8)
    return Motion(
        jnp.asarray(keypoints + noise * rng.normal(size=keypoints.shape), jnp.float32),
        jnp.asarray(
            expression + noise * rng.normal(size=expression.shape), jnp.float32
        ),
    )


def test_filter_follows_the_documented_formula():
    noisy = clip(np.sin(np.arange(30) / 6) * 0.3, noise=0.02)
    result = smooth(noisy, 0.7, 25)
    for k in (0, 7):
        expected = reference(noisy.keypoints[:, k], smoothing.KEYPOINT_LAG, 0.7)
        np.testing.assert_allclose(result.keypoints[:, k], expected, atol=1e-5)
    lag = smoothing.EXPRESSION_LAG * np.linalg.norm(noisy.expression[0])
    expected = reference(noisy.expression, lag, 0.7)
    np.testing.assert_allclose(result.expression, expected, atol=1e-5)


def test_strength_zero_is_the_identity():
    noisy = clip(np.zeros(9), noise=0.1)
    result = smooth(noisy, 0.0, 25)
    np.testing.assert_array_equal(result.keypoints, noisy.keypoints)
    # The compiled filter itself agrees, up to the bit.
    state = smoothing.start(noisy.frame(0))
    _, filtered = smoothing.filter_chunk(state, noisy, 0.0, 0.04)
    np.testing.assert_array_equal(filtered.keypoints, noisy.keypoints)
    np.testing.assert_array_equal(filtered.expression, noisy.expression)


def test_jitter_falls_with_strength():
    still = clip(np.zeros(150), noise=0.004)
    before = jitter(still.keypoints)
    after = [
        jitter(smooth(still, strength, 25).keypoints) for strength in (0.25, 0.5, 1)
    ]
    assert before > after[0] > after[1] > after[2]
    assert after[1] < before / 4 and after[2] < before / 6


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_lag_behind_a_steady_motion_is_bounded(strength):
    rate = 25
    for speed in (0.05, 0.5, 3.0):  # picture half-widths a second
        ramp = clip(speed * np.arange(100) / rate)
        result = smooth(ramp, strength, rate)
        behind = np.linalg.norm(ramp.keypoints - result.keypoints, axis=-1)[50:]
        assert behind.max() <= strength * smoothing.KEYPOINT_LAG * 1.01


@pytest.mark.parametrize(("strength", "late"), [(0.25, 0.15), (0.5, 0.2), (1.0, 0.3)])
def test_a_nod_and_a_step_are_followed(strength, late):
    rate = 25
    seconds = np.arange(100) / rate
    nod = clip(0.2 * np.sin(2 * np.pi * 1.0 * seconds))
    result = smooth(nod, strength, rate)
    behind = np.abs(np.asarray(nod.keypoints - result.keypoints))
    assert behind.max() < late * 0.2  # a share of the nod's amplitude
    step = clip(np.where(np.arange(50) < 10, 0.0, 0.5))
    after = np.abs(np.asarray(step.keypoints - smooth(step, strength, rate).keypoints))
    assert after[10 + 5].max() < 0.05  # nine tenths there after a fifth of a second


@pytest.mark.parametrize("sizes", [(7, 7, 6), (1,) * 20, (19, 1)])
def test_chunks_give_the_same_as_the_whole_clip(sizes):
    noisy = clip(np.sin(np.arange(20) / 3), noise=0.05)
    whole = smooth(noisy, 0.6, 30)
    stream = MotionFilter(0.6, 30)
    parts, begin = [], 0
    for size in sizes:
        part = slice(begin, begin + size)
        parts.append(stream(jax.tree.map(lambda x, part=part: x[part], noisy)))
        begin += size
    joined = jax.tree.map(lambda *x: np.concatenate(x), *parts)
    np.testing.assert_allclose(joined.keypoints, whole.keypoints, atol=1e-6)
    np.testing.assert_allclose(joined.expression, whole.expression, atol=1e-6)


def test_result_does_not_depend_on_the_frame_rate():
    def at(rate):
        seconds = np.arange(2 * rate + 1) / rate
        path = 0.3 * np.sin(2 * np.pi * 0.7 * seconds)
        return np.asarray(smooth(clip(path), 0.8, rate).keypoints)

    slow, fast = at(25), at(100)[::4]
    np.testing.assert_allclose(slow, fast, atol=0.006)  # of a motion of 0.6


def test_a_silent_expression_is_left_alone():
    motion = Motion(jnp.zeros((5, 10, 2)), jnp.zeros((5, 8)))
    result = smooth(motion, 1.0, 25)
    assert np.isfinite(result.expression).all()


def test_jitter_measures_second_differences():
    assert jitter(np.zeros((2, 10, 2))) == 0.0
    assert jitter(np.arange(60, dtype=float).reshape(3, 10, 2)) == 0.0
    noise = np.random.default_rng(0).normal(size=(4000, 10, 2))
    expected = np.sqrt(6) * np.sqrt(np.pi / 2)
    assert abs(jitter(noise) / expected - 1) < 0.02


@pytest.mark.parametrize("strength,rate", [(-0.1, 25), (1.1, 25), (0.5, 0)])
def test_settings_out_of_range_are_refused(strength, rate):
    with pytest.raises(ValueError, match="expected, got"):
        MotionFilter(strength, rate)
