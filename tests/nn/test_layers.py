import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn import layers
from tests.filled import fill


def direct_convolution(x, kernel, stride, padding):
    """Cross-correlation by its definition, one output at a time."""
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    side = kernel.shape[0]
    rows = (x.shape[1] - side) // stride + 1
    columns = (x.shape[2] - side) // stride + 1
    y = np.zeros((x.shape[0], rows, columns, kernel.shape[-1]))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = x[:, top : top + side, left : left + side]
            y[:, i, j] = np.einsum("bijc,ijcf->bf", window, kernel)
    return y


@pytest.mark.parametrize(
    ("size", "stride", "padding", "shape"),
    [(3, 1, 1, (6, 7)), (3, 2, 1, (6, 7)), (3, 2, 1, (5, 8)), (4, 1, 0, (6, 7))],
)
def test_conv_pads_both_sides_alike(size, stride, padding, shape):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, *shape, 3)).astype(np.float32)
    conv = layers.Conv(4, kernel_size=size, stride=stride, padding=padding)
    variables = fill(conv, x)
    params = variables["params"]
    expected = direct_convolution(x, np.asarray(params["kernel"]), stride, padding)
    expected = expected + np.asarray(params["bias"])
    np.testing.assert_allclose(conv.apply(variables, x), expected, atol=1e-5)


def test_dense_is_initialised_like_the_published_networks():
    dense = layers.Dense(400, bias_offset=0.5)
    params = dense.init(jax.random.key(0), jnp.zeros((1, 100)))["params"]
    kernel, bias = np.asarray(params["kernel"]), np.asarray(params["bias"])
    assert 0.099 < kernel.max() <= 0.1
    assert -0.1 <= kernel.min() < -0.099
    # A uniform distribution on +-a has the standard deviation a / sqrt(3).
    assert kernel.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.02)
    assert 0.4 <= bias.min() < 0.41
    assert 0.59 < bias.max() <= 0.6


def test_conv_is_initialised_with_the_fan_in_of_its_window():
    x = jnp.zeros((1, 4, 4, 11))
    kernel = layers.Conv(64).init(jax.random.key(0), x)["params"]["kernel"]
    assert float(jnp.abs(kernel).max()) == pytest.approx(1 / np.sqrt(99), rel=0.01)
    he = layers.Conv(64, kernel_limit=layers.he_limit)
    kernel = he.init(jax.random.key(0), x)["params"]["kernel"]
    assert float(jnp.abs(kernel).max()) == pytest.approx(np.sqrt(6 / 99), rel=0.01)


def test_concat_dense_is_dense_of_the_broadcast_concatenation():
    rng = np.random.default_rng(1)
    frame = rng.normal(size=(2, 3, 1, 5)).astype(np.float32)
    pixels = rng.normal(size=(7, 4)).astype(np.float32)
    other = rng.normal(size=(2, 3, 1, 6)).astype(np.float32)
    split = layers.ConcatDense(8)
    variables = fill(split, [frame, pixels, other])
    whole = np.concatenate(
        [np.broadcast_to(x, (2, 3, 7, x.shape[-1])) for x in (frame, pixels, other)],
        axis=-1,
    )
    expected = layers.Dense(8).apply(variables, whole)
    actual = split.apply(variables, [frame, pixels, other])
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_mlp_ends_linear_and_in_float32():
    mlp = layers.Mlp((5, 4), dtype=jnp.bfloat16)
    x = jnp.ones((3, 6))
    variables = fill(mlp, x)
    assert mlp.apply(variables, x).dtype == jnp.float32
    params = jax.tree.map(np.asarray, variables["params"])
    exact = layers.Mlp((5, 4)).apply(variables, x)
    hidden = np.maximum(x @ params["dense_0"]["kernel"] + params["dense_0"]["bias"], 0)
    expected = hidden @ params["dense_1"]["kernel"] + params["dense_1"]["bias"]
    np.testing.assert_allclose(exact, expected, atol=1e-5)
    assert all(leaf.dtype == np.float32 for leaf in jax.tree.leaves(params))


def test_average_pool_drops_an_odd_row_and_column():
    x = np.arange(15, dtype=np.float32).reshape(1, 3, 5, 1)
    expected = [[(0 + 1 + 5 + 6) / 4, (2 + 3 + 7 + 8) / 4]]
    np.testing.assert_array_equal(layers.average_pool(x)[0, :, :, 0], expected)
