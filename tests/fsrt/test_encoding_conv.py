import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt.encoding import pixel_grid, positional_encoding
from face_jax.fsrt.encoding_conv import EncodingConv
from tests.filled import fill


def convolve_directly(x, kernel):
    """3x3 with zeros around, in float64: [B, H, W, C] and [3, 3, C, F]."""
    height, width = x.shape[1:3]
    padded = np.pad(np.float64(x), ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = [
        (padded[:, i : i + height, j : j + width], kernel[i, j])
        for i in range(3)
        for j in range(3)
    ]
    return sum(part @ np.float64(taps) for part, taps in shifted)


@pytest.mark.parametrize("shape", [(6, 9), (1, 4), (2, 2), (1, 1)])
@pytest.mark.parametrize("expression_size", [5, 0])
@pytest.mark.parametrize("form", ["fast", "plain"])
def test_it_is_the_convolution_of_the_concatenation(shape, expression_size, form):
    height, width = shape
    rng = np.random.default_rng(0)
    images, keypoints, expression = (
        rng.normal(size=size).astype(np.float32)
        for size in ((2, height, width, 3), (2, 7), (2, expression_size))
    )
    conv = EncodingConv(features=6, pixel_octaves=3, form=form)
    variables = fill(conv, images, keypoints, expression)
    kernel = np.asarray(variables["params"]["kernel"])
    assert kernel.shape == (3, 3, 3 + 7 + 12 + expression_size, 6)

    def everywhere(x):
        return np.broadcast_to(x, (2, height, width, x.shape[-1]))

    pixels = np.asarray(positional_encoding(pixel_grid(height, width), 3, -1))
    constant = [everywhere(x[:, None, None]) for x in (keypoints, expression)]
    parts = [images, constant[0], everywhere(pixels), constant[1]]
    expected = convolve_directly(np.concatenate(parts, axis=-1), kernel)
    actual = conv.apply(variables, images, keypoints, jnp.asarray(expression))
    np.testing.assert_allclose(actual, expected, atol=1e-5)
