import numpy as np
import pytest

from face_jax.fsrt import decoding
from face_jax.fsrt.decoding import render
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


@pytest.mark.parametrize("pixels", [100, 24, 7])
def test_tiles_do_not_change_the_result(model, scene, motion, monkeypatch, pixels):
    size = (30, 34)
    given = {"size": size, "chunk": CHUNK, "rounded": False}
    whole = render(model, scene, motion, **given)
    # Rows of 34 pixels: tiles of 3 rows, the last ones outside; half and fifth rows.
    monkeypatch.setattr(decoding, "CPU_QUERIES_PER_TILE", CHUNK * pixels)
    tiles = render(model, scene, motion, **given)
    np.testing.assert_allclose(tiles, whole, atol=1e-5)


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


def test_tiles_are_large_where_no_scores_are_held(model, monkeypatch):
    assert decoding.pixels_per_tile(model, 4) == decoding.CPU_QUERIES_PER_TILE // 4
    assert decoding.pixels_per_tile(model, 10**6) == 1
    monkeypatch.setattr(decoding.jax, "default_backend", lambda: "gpu")
    for fused, queries in (
        (False, decoding.QUERIES_PER_TILE),
        (True, decoding.FUSED_QUERIES_PER_TILE),
    ):
        monkeypatch.setattr(decoding, "is_fused", lambda *given, it=fused: it)
        assert decoding.pixels_per_tile(model, 8) == queries // 8
        # Another platform's are told without it.
        assert (
            decoding.pixels_per_tile(model, 8, "tpu") == decoding.QUERIES_PER_TILE // 8
        )
        cpu = decoding.pixels_per_tile(model, 8, "cpu")
        assert cpu == decoding.CPU_QUERIES_PER_TILE // 8
