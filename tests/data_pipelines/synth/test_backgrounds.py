import numpy as np
import pytest

from data_pipelines.synth.backgrounds import draw_background

PICTURES = np.stack([draw_background(seed, 32) for seed in range(60)]).astype(float)


def test_backgrounds_follow_from_their_seed():
    np.testing.assert_array_equal(draw_background(3, 48), draw_background(3, 48))
    assert draw_background(3, 48).dtype == np.uint8


def test_a_background_looks_alike_at_any_size():
    large = draw_background(5, 96).astype(float)
    small = draw_background(5, 32).astype(float)
    shrunk = large.reshape(32, 3, 32, 3, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 4


def test_backgrounds_differ_in_light_and_colour():
    means = PICTURES.mean(axis=(1, 2))
    brightness = means.mean(axis=1)
    assert brightness.min() < 50 and brightness.max() > 160
    assert np.ptp(means, axis=1).max() > 40
    nearest = np.abs(PICTURES[:, None] - PICTURES[None]).mean(axis=(2, 3, 4))
    assert (nearest + 255 * np.eye(len(PICTURES))).min() > 4


def test_backgrounds_are_out_of_focus():
    steps = np.abs(np.diff(PICTURES, axis=1)).mean(axis=(1, 2, 3))
    assert steps.max() < 0.35 * PICTURES.std(axis=(1, 2, 3)).max()


@pytest.mark.parametrize(("seed", "size"), [(-1, 32), (0, 0)])
def test_wrong_input_is_refused(seed, size):
    with pytest.raises(ValueError, match=f"got {seed} and {size}"):
        draw_background(seed, size)
