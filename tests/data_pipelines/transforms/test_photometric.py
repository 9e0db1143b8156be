"""Draws of colour changes (their statistics are tested with the items)."""

import numpy as np

from data_pipelines.transforms.photometric import draw_color_jitter, no_color_jitter


def test_strength_by_operation_and_no_negative_factor():
    rng = np.random.default_rng(0)
    factors = draw_color_jitter(rng, (2.0, 0.0, 0.3, 0.5), 2000).factors
    assert factors[:, 0].min() >= 0 and factors[:, 0].max() > 2.9
    # The range is cut at 0, not the draws: no pile of exact zeros.
    assert (factors[:, 0] == 0).mean() < 0.01
    assert (factors[:, 1] == 1).all()
    assert np.abs(factors[:, 3]).max() <= 0.5


def test_no_jitter():
    factors, order = no_color_jitter(2)
    assert factors.tolist() == [[1, 1, 1, 0]] * 2
    assert order.tolist() == [[0, 1, 2, 3]] * 2
