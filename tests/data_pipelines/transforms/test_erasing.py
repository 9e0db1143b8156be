"""Random erasing: its limits."""

import numpy as np

from data_pipelines.transforms.erasing import Rectangle, draw_erasing, erased_array


def test_rectangles_keep_their_published_limits():
    rng = np.random.default_rng(0)
    found = np.array([draw_erasing(rng, 1.0, 224) for _ in range(2000)])
    top, left, height, width = found.T
    area, aspect = height * width / 224**2, height / width
    assert 0.019 < area.min() < 0.022 and 0.245 < area.max() < 0.252
    assert 0.29 < aspect.min() < 0.32 and 3.1 < aspect.max() < 3.4
    # Uniform area, uniform logarithm of the aspect.
    assert abs(area.mean() - 0.135) < 0.01 and abs(np.log(aspect).mean()) < 0.1
    assert top.min() == left.min() == 0
    assert (top + height).max() == (left + width).max() == 224


def test_the_share_of_rectangles():
    rng = np.random.default_rng(0)
    some = sum(draw_erasing(rng, 0.3, 32) is not None for _ in range(1000))
    assert 220 < some < 380
    assert all(draw_erasing(rng, 0.0, 32) is None for _ in range(50))
    assert all(draw_erasing(rng, 1.0, 1) == (0, 0, 1, 1) for _ in range(5))


def test_a_rectangle_is_written_in_order():
    found = erased_array(Rectangle(top=2, left=5, height=3, width=4))
    assert found.dtype == np.int32 and found.tolist() == [2, 5, 3, 4]
    assert erased_array(None).tolist() == [0, 0, 0, 0]
