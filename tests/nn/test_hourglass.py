import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.hourglass import ConvNormRelu, Hourglass
from tests.filled import fill


def test_channels_double_down_and_halve_up():
    glass = Hourglass(block_expansion=8, num_blocks=3, max_features=40)
    shapes = jax.eval_shape(glass.init, jax.random.key(0), jnp.zeros((1, 16, 16, 3)))
    kernels = {k: v["conv"]["kernel"].shape for k, v in shapes["params"].items()}
    assert {k: v[2:] for k, v in kernels.items()} == {
        "down_0": (3, 16),
        "down_1": (16, 32),
        "down_2": (32, 40),
        "up_0": (40, 32),
        "up_1": (64, 16),
        "up_2": (32, 8),
    }


def test_the_image_is_the_last_part_of_the_feature_map():
    glass = Hourglass(block_expansion=8, num_blocks=2, max_features=16, norm="group")
    x = jax.random.uniform(jax.random.key(1), (2, 8, 12, 3))
    features = glass.apply(fill(glass, x), x)
    assert features.shape == (2, 8, 12, 11)
    np.testing.assert_array_equal(features[..., 8:], x)


def test_a_size_that_cannot_be_halved_is_refused():
    with pytest.raises(ValueError, match="divisible by 8, got 16x12"):
        Hourglass(num_blocks=3).init(jax.random.key(0), jnp.zeros((1, 16, 12, 3)))


def test_frozen_batch_norm_uses_stored_statistics():
    block = ConvNormRelu(2)
    x = jax.random.normal(jax.random.key(1), (3, 4, 4, 2))
    variables = fill(block, x)
    norm = {"scale": jnp.array([1.0, 3.0]), "bias": jnp.array([0.0, 0.5])}
    params = {**variables["params"], "norm": norm}
    statistics = {"mean": jnp.array([10.0, -10.0]), "var": jnp.array([4.0, 4.0])}
    shifted = {"params": params, "batch_stats": {"norm": statistics}}
    y = np.asarray(block.apply(shifted, x))
    assert (y[..., 0] == 0).all()  # (small - 10) / 2 is negative
    plain = params["conv"]
    conv = jax.lax.conv_general_dilated(
        x, plain["kernel"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    expected = 3 * (conv[..., 1] + plain["bias"][1] + 10) / np.sqrt(4 + 1e-5) + 0.5
    np.testing.assert_allclose(y[..., 1], np.maximum(expected, 0), atol=1e-5)


def test_group_norm_keeps_images_apart():
    block = ConvNormRelu(16, norm="group")
    x = jax.random.normal(jax.random.key(1), (2, 4, 4, 3))
    variables = fill(block, x)
    assert set(variables) == {"params"}
    alone = block.apply(variables, x[:1])
    together = block.apply(variables, x.at[1].multiply(100))
    np.testing.assert_allclose(alone[0], together[0], atol=1e-6)
