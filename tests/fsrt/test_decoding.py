import numpy as np
import pytest

from face_jax.fsrt import decoding
from face_jax.fsrt.decoding import pixel_blocks, render
from face_jax.fsrt.encoding import pixel_grid
from face_jax.fsrt.inference import describe_frames, encode_sources
from tests.fsrt.tiny_model import CHUNK, IMAGE_SIZE, build_model, moving_frames


@pytest.fixture(scope="module")
def model():
    return build_model()


@pytest.fixture(scope="module")
def scene(model):
    return encode_sources(model, moving_frames(2, IMAGE_SIZE, IMAGE_SIZE))


@pytest.fixture(scope="module")
def motion(model):
    return describe_frames(model, moving_frames(3, IMAGE_SIZE, IMAGE_SIZE), batch=CHUNK)


def test_blocks_hold_all_pixels_in_order():
    blocks = pixel_blocks(5, 7, 8)
    assert blocks.shape == (5, 8, 2) and blocks.dtype == np.float32
    rows = blocks.reshape(-1, 2)
    np.testing.assert_array_equal(rows[:35], np.reshape(pixel_grid(5, 7), (-1, 2)))
    np.testing.assert_array_equal(rows[35:], rows[[34] * 5])


def test_blocks_do_not_change_the_result(model, scene, motion, monkeypatch):
    whole = render(model, scene, motion, chunk=CHUNK)
    # 1024 pixels are 10 blocks of 100 and one of 24.
    monkeypatch.setattr(decoding, "QUERIES_PER_BLOCK", CHUNK * 100)
    result = render(model, scene, motion, chunk=CHUNK)
    assert np.abs(result.astype(int) - whole).max() <= 1


def test_result_may_have_another_size(model, scene, motion):
    def at(size):
        return render(model, scene, motion, size=size, chunk=CHUNK)

    assert at((24, 40)).shape == (3, 24, 40, 3)
    double, single = at((2 * IMAGE_SIZE, 2 * IMAGE_SIZE)), at(None)
    # Positions are continuous: blocks of the larger picture average to the smaller.
    pooled = double.reshape(3, IMAGE_SIZE, 2, IMAGE_SIZE, 2, 3).mean((2, 4))
    assert np.abs(pooled - single).mean() < 0.1 * single.std()


def test_impossible_sizes_are_refused(model, scene, motion):
    with pytest.raises(ValueError, match="size: positive"):
        render(model, scene, motion, size=(0, 8))
