import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt.decoder import Decoder
from tests.filled import fill

SMALL = {
    "input_hidden": 96,
    "width": 96,
    "depth": 2,
    "num_heads": 4,
    "head_dim": 24,
    "mlp_dim": 192,
    "render_hidden": (192, 192),
    "pixel_octaves": 6,
}


@pytest.fixture(scope="module")
def inputs():
    keys = jax.random.split(jax.random.key(0), 4)
    return (
        jax.random.normal(keys[0], (2, 20, 48)),
        jax.random.uniform(keys[1], (30, 2), minval=-1),
        jax.random.uniform(keys[2], (2, 3, 10, 2), minval=-1),
        jax.random.normal(keys[3], (2, 3, 32)),
    )


@pytest.fixture(scope="module")
def variables(inputs):
    return fill(Decoder(**SMALL), *inputs)


def test_shared_pixels_are_those_of_every_frame(inputs, variables):
    set_latent, pixels, keypoints, expression = inputs
    apply = jax.jit(Decoder(**SMALL).apply)
    shared = apply(variables, *inputs)
    assert shared.shape == (2, 3, 30, 3)
    assert shared.dtype == jnp.float32
    repeated = jnp.broadcast_to(pixels, (2, 3, 30, 2))
    own = apply(variables, set_latent, repeated, keypoints, expression)
    np.testing.assert_allclose(shared, own, atol=1e-5)


def test_frames_and_pixels_are_independent(inputs, variables):
    set_latent, pixels, keypoints, expression = inputs
    apply = jax.jit(Decoder(**SMALL).apply)
    together = apply(variables, *inputs)
    frame, chunk = np.s_[:, 1:2], np.s_[10:17]
    alone = apply(
        variables, set_latent, pixels[chunk], keypoints[frame], expression[frame]
    )
    np.testing.assert_allclose(alone, together[:, 1:2, chunk], atol=1e-5)


def test_a_projected_set_latent_renders_the_same(inputs, variables):
    apply = jax.jit(Decoder(**SMALL).apply, static_argnames="method")
    memory = apply(variables, inputs[0], method="project")
    assert [m.keys.shape for m in memory] == [(2, 20, 4, 24)] * 2
    rgb = apply(variables, memory, *inputs[1:], method="decode")
    np.testing.assert_allclose(rgb, apply(variables, *inputs), atol=1e-5)


def test_tokens_are_a_set(inputs, variables):
    apply = jax.jit(Decoder(**SMALL).apply)
    backwards = apply(variables, inputs[0][:, ::-1], *inputs[1:])
    expected = apply(variables, *inputs)
    np.testing.assert_allclose(backwards, expected, atol=1e-5)


def test_remat_changes_neither_names_nor_gradients(inputs, variables):
    def gradients(remat):
        decoder = Decoder(**SMALL, remat=remat)
        loss = jax.jit(jax.grad(lambda v: jnp.sum(decoder.apply(v, *inputs) ** 2)))
        return loss(variables)

    plain, remat = gradients(False), gradients(True)
    scale = max(float(jnp.abs(x).max()) for x in jax.tree.leaves(plain))
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5 * scale), plain, remat
    )


def test_output_bias_moves_the_initial_colour(inputs):
    first = [x[:1, :1] if x.ndim > 3 or x.shape[-1] == 32 else x for x in inputs]
    first[0] = inputs[0][:1]
    init = jax.jit(Decoder(**SMALL, output_bias=0.5).init)
    bias = init(jax.random.key(0), *first)["params"]["render"]["dense_2"]["bias"]
    assert np.abs(np.asarray(bias) - 0.5).max() <= 1 / np.sqrt(192)


def test_half_precision_returns_float32_close_to_it(inputs, variables):
    exact = jax.jit(Decoder(**SMALL).apply)(variables, *inputs)
    half = jax.jit(Decoder(**SMALL, dtype=jnp.bfloat16).apply)(variables, *inputs)
    assert half.dtype == jnp.float32
    assert np.abs(half - exact).max() < 0.05 * np.abs(exact).max()
    # As if the colours had the deviation of a photograph, 0.2 of the range.
    error = np.mean((half - exact) ** 2) * 0.2**2 / np.var(exact)
    assert -10 * np.log10(error) >= 45
