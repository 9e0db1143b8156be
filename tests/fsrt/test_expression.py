import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt.expression import ExpressionEncoder, pool_neighbourhoods
from face_jax.nn.convolution import convolve
from tests.filled import fill


@pytest.mark.parametrize("padding", [0, 3])
def test_pooled_form_is_the_convolution_averaged_by_heatmaps(padding):
    keys = jax.random.split(jax.random.key(0), 2)
    feature_map = jax.random.normal(keys[0], (2, 12, 14, 5))
    rows, columns = 12 - 6 + 2 * padding, 14 - 6 + 2 * padding
    heatmap = jax.random.uniform(keys[1], (2, rows, columns, 3))
    heatmap = heatmap / heatmap.sum(axis=(1, 2), keepdims=True)
    encoder = ExpressionEncoder(
        features_per_keypoint=4, hidden=(), expression_size=6, num_keypoints=3
    )
    variables = fill(encoder, feature_map, heatmap)
    params = variables["params"]
    full = convolve(feature_map, jnp.asarray(params["kernel"]), 1, padding)
    full = (full + params["bias"]).reshape(2, rows, columns, 3, 4)
    pooled = (full * heatmap[..., None]).sum(axis=(1, 2)).reshape(2, 12)
    last = params["mlp"]["dense_0"]
    expected = pooled @ last["kernel"] + last["bias"]
    actual = jax.jit(encoder.apply)(variables, feature_map, heatmap)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_neighbourhoods_of_a_single_cell():
    feature_map = np.random.default_rng(0).normal(size=(1, 8, 9, 2)).astype(np.float32)
    heatmap = np.zeros((1, 6, 7, 2), np.float32)
    heatmap[0, 2, 4, 0] = 1
    heatmap[0, 5, 0, 1] = 0.5
    pooled = pool_neighbourhoods(feature_map, heatmap, 3)
    np.testing.assert_allclose(pooled[0, 0], feature_map[0, 2:5, 4:7], atol=1e-6)
    np.testing.assert_allclose(pooled[0, 1], feature_map[0, 5:8, :3] / 2, atol=1e-6)


def test_heatmaps_of_an_impossible_size_are_refused():
    encoder = ExpressionEncoder()
    with pytest.raises(ValueError, match="3 cells do not fit 16 cells"):
        fill(encoder, jnp.zeros((1, 16, 16, 35)), jnp.zeros((1, 3, 10, 10)))
