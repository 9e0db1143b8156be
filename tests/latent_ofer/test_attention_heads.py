import jax
import numpy as np
import pytest

from face_jax.latent_ofer.attention_heads import (
    AttentionHead,
    share_between_heads,
)
from tests.filled import fill
from tests.nn import numpy_layers

KERNEL_PADDING = {
    "reduce": ((0, 0), (0, 0)),
    "square": ((1, 1), (1, 1)),
    "row": ((0, 0), (1, 1)),
    "column": ((1, 1), (0, 0)),
}


def layer(layers, x, name):
    x = np.pad(x, ((0, 0), *KERNEL_PADDING[name], (0, 0)))
    y = layers.conv(x, name) + np.asarray(layers.params[name]["bias"], np.float64)
    return layers.norm(y, f"{name}_norm")


def spatial(layers, x):
    reduced = layer(layers, x, "reduce")
    judged = sum(layer(layers, reduced, name) for name in ("square", "row", "column"))
    return x * numpy_layers.relu(judged).sum(-1, keepdims=True)


def channel(layers, pooled):
    x = numpy_layers.dense(pooled, layers.params["reduce"])
    x = numpy_layers.relu(layers.norm(x, "reduce_norm"))
    return 1 / (1 + np.exp(-numpy_layers.dense(x, layers.params["expand"])))


def head(order):
    module = AttentionHead(order, spatial_hidden=3, channel_hidden=4)
    features = jax.random.normal(jax.random.key(0), (2, 4, 5, 6))
    variables = fill(module, features)
    found = jax.jit(module.apply)(variables, features)
    layers = numpy_layers.Normed(variables)
    return np.asarray(features, np.float64), layers, found


def test_places_then_channels_of_what_was_found():
    x, layers, found = head("spatial_first")
    pooled = spatial(layers.inner("spatial"), x).mean((1, 2))
    expected = pooled * channel(layers.inner("channel"), pooled)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_channels_then_places_of_the_weighed_map():
    x, layers, found = head("channel_first")
    weights = channel(layers.inner("channel"), x.mean((1, 2)))
    expected = spatial(layers.inner("spatial"), x * weights[:, None, None])
    np.testing.assert_allclose(found, expected.mean((1, 2)), rtol=1e-5, atol=1e-6)


def test_shares_of_every_channel_add_up_to_one():
    pooled = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    shares = np.exp(share_between_heads(pooled))
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-6)
    expected = np.exp(pooled) / np.exp(pooled).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, expected, rtol=1e-5)


def test_another_order_is_refused():
    with pytest.raises(ValueError, match=r"order: expected .*got 'places'"):
        fill(AttentionHead("places"), np.zeros((1, 2, 2, 3), np.float32))
