"""Pixel lattices."""

import numpy as np
import pytest

from data_pipelines.transforms.query_pixels import lattice_split


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (6, 10), (7, 9)])
def test_every_pixel_once(height, width, stride):
    for x0 in range(stride):
        for y0 in range(stride):
            sampled, remaining = lattice_split(height, width, x0, y0, stride)
            assert sampled.dtype == remaining.dtype == np.int32
            every = np.sort(np.concatenate([sampled, remaining]))
            assert every.tolist() == list(range(height * width))
            assert set(sampled % width % stride) == {x0}
            assert set(sampled // width % stride) == {y0}
            assert (np.diff(sampled) > 0).all()


def test_published_order_of_the_rest():
    sampled, remaining = lattice_split(4, 4, 1, 0)
    assert sampled.tolist() == [1, 3, 9, 11]
    assert remaining.tolist() == [0, 2, 8, 10, 4, 6, 12, 14, 5, 7, 13, 15]


def test_stride_one_takes_all():
    sampled, remaining = lattice_split(3, 4, 0, 0, stride=1)
    assert sampled.tolist() == list(range(12)) and remaining.tolist() == []


def test_bad_offset_and_side():
    with pytest.raises(ValueError, match=r"\[0, 2\), got \(2, 0\)"):
        lattice_split(8, 8, 2, 0)
    with pytest.raises(ValueError, match="at least the stride 8"):
        lattice_split(4, 16, 0, 0, stride=8)
