import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt.encoder import Encoder
from tests.filled import fill

SMALL = {
    "patch_channels": ((24, 48), (48, 72), (72, 96)),
    "width": 96,
    "depth": 2,
    "num_heads": 4,
    "head_dim": 24,
    "mlp_dim": 192,
    "pixel_octaves": 6,
}


@pytest.fixture(scope="module")
def sources():
    keys = jax.random.split(jax.random.key(0), 3)
    return (
        jax.random.uniform(keys[0], (2, 3, 32, 32, 3)),
        jax.random.uniform(keys[1], (2, 3, 10, 2), minval=-1),
        jax.random.normal(keys[2], (2, 3, 32)),
    )


@pytest.fixture(scope="module")
def variables(sources):
    return fill(Encoder(**SMALL), *sources)


def test_tokens_of_the_sources_are_one_set(sources, variables):
    apply = jax.jit(Encoder(**SMALL).apply)
    set_latent = apply(variables, *sources)
    assert set_latent.shape == (2, 3 * 4 * 4, 96)
    order = np.array([2, 0, 1])
    shuffled = apply(variables, *(x[:, order] for x in sources))
    expected = np.asarray(set_latent).reshape(2, 3, 16, 96)[:, order]
    actual = np.asarray(shuffled).reshape(2, 3, 16, 96)
    np.testing.assert_allclose(actual, expected, atol=2e-4)


def test_expression_is_left_out_on_demand(sources):
    encoder = Encoder(**SMALL, encode_with_expression=False)
    variables = fill(encoder, *sources)
    assert variables["params"]["patch_0_conv"]["kernel"].shape[2] == 3 + 160 + 24
    images, keypoints, expression = sources
    apply = jax.jit(encoder.apply)
    set_latent = apply(variables, images, keypoints, expression)
    other = apply(variables, images, keypoints, expression + 1)
    np.testing.assert_array_equal(set_latent, other)


def test_remat_changes_neither_names_nor_gradients(sources):
    inputs = [x[:1, :1] for x in sources]

    def gradients(remat):
        encoder = Encoder(**{**SMALL, "depth": 1}, remat=remat)
        loss = jax.jit(jax.grad(lambda v: jnp.sum(encoder.apply(v, *inputs) ** 2)))
        return loss(fill(encoder, *inputs))

    plain, remat = gradients(False), gradients(True)
    scale = max(float(jnp.abs(x).max()) for x in jax.tree.leaves(plain))
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5 * scale), plain, remat
    )


def test_he_initialisation_widens_the_patch_convolutions_only(sources):
    inputs = [x[:1, :1] for x in sources]
    fields = {**SMALL, "depth": 1, "patch_channels": ((4, 4), (4, 8))}
    published, he = (
        jax.jit(Encoder(**fields, initialization=name).init)(jax.random.key(0), *inputs)
        for name in ("published", "he")
    )
    published, he = published["params"], he["params"]
    for name, layer in published.items():
        ratio = np.sqrt(6) if name.startswith("patch_") and "linear" not in name else 1
        jax.tree.map(
            lambda a, b, r=ratio: np.testing.assert_allclose(b, r * a, atol=1e-6),
            layer,
            he[name],
        )


def test_balanced_initialisation_keeps_signals_and_lets_few_channels_weigh_as_much(
    sources,
):
    inputs = [x[:1, :1] for x in sources]
    fields = {**SMALL, "depth": 1, "patch_channels": ((64, 64), (64, 64))}
    encoder = Encoder(**fields, initialization="balanced")
    kernels = jax.jit(encoder.init)(jax.random.key(0), *inputs)["params"]
    first = np.asarray(kernels["patch_0_conv"]["kernel"])
    assert first.shape[2] == 3 + 160 + 24 + inputs[2].shape[-1]
    # The sum of squares of a group's taps is the variance it brings to a channel.
    parts = np.split(first, np.cumsum([3, 160, 24]), axis=2)
    for part in parts:
        np.testing.assert_allclose((part**2).sum((0, 1, 2)).mean(), 2 / 4, rtol=0.1)
    attention = kernels["blocks_0"]["attention"]
    for kernel in (attention["qkv"]["kernel"], kernels["patch_linear"]["kernel"]):
        np.testing.assert_allclose((kernel**2).sum(0).mean(), 1.0, rtol=0.1)
    published = (attention["out"]["kernel"] ** 2).sum(0).mean()
    np.testing.assert_allclose(published, 1 / 3, rtol=0.1)


def test_an_unknown_initialisation_is_refused(sources):
    with pytest.raises(ValueError, match=r"encoder\.initialization: .*got 'xavier'"):
        fill(Encoder(**SMALL, initialization="xavier"), *sources)


def test_half_precision_stays_close_and_keeps_parameters(sources):
    encoder = Encoder(**SMALL, dtype=jnp.bfloat16)
    inputs = [x[:1, :1] for x in sources]
    variables = fill(encoder, *inputs)
    assert all(x.dtype == np.float32 for x in jax.tree.leaves(variables))
    exact = jax.jit(Encoder(**SMALL).apply)(variables, *inputs)
    half = np.asarray(jax.jit(encoder.apply)(variables, *inputs), np.float32)
    assert np.abs(half - exact).max() < 0.05 * np.abs(exact).max()
