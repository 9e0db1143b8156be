import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt.pictures import as_rgb, prepare
from face_jax.nn.resample import resize_antialiased
from tests.fsrt.tiny_model import moving_frames


def test_grey_and_alpha_pictures_become_rgb():
    frames = moving_frames(2)
    grey = frames[..., :1]
    np.testing.assert_array_equal(as_rgb(grey), np.repeat(grey, 3, -1))
    alpha = np.concatenate([frames, np.full_like(grey, 7)], -1)
    np.testing.assert_array_equal(as_rgb(alpha), frames)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((0, 8, 8, 3), np.uint8),
        np.zeros((1, 8, 8, 2), np.uint8),
        np.zeros((1, 8, 8, 3), np.float32),
    ],
)
def test_other_arrays_are_refused_with_one_line(images):
    with pytest.raises(ValueError, match=r"uint8 \[N, H, W, 3\] .* expected, got"):
        as_rgb(images)


def test_prepared_pictures_are_squeezed_floats():
    frames = moving_frames(2, 50, 70)
    expected = resize_antialiased(jnp.asarray(frames) / 255.0, (32, 32))
    np.testing.assert_allclose(prepare(frames, 32), expected, atol=1e-6)
    square = moving_frames(2, 32, 32)
    np.testing.assert_allclose(prepare(square, 32), square / 255.0, atol=1e-6)
