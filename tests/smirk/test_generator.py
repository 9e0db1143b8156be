import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.batch_norm import apply_with_statistics
from face_jax.smirk.generator import Generator, UpConv
from tests.filled import fill
from tests.nn import numpy_layers

SMALL = Generator(features=2, levels=2, residual_blocks=1)


def inputs(height=8, width=12):
    keys = jax.random.split(jax.random.key(0))
    shape = (2, height, width, 3)
    return tuple(jax.random.uniform(key, shape) for key in keys)


def block(layers, x):
    for index in range(2):
        x = layers.conv(x, f"conv_{index}", padding=(1, 1))
        x = numpy_layers.relu(layers.norm(x, f"norm_{index}"))
    return x


def residual(layers, x):
    reflected = {"padding": (1, 1), "mode": "reflect"}
    y = layers.norm(layers.conv(x, "conv_0", **reflected), "norm_0")
    y = layers.conv(numpy_layers.relu(y), "conv_1", **reflected)
    return x + layers.norm(y, "norm_1")


def doubled(x, params):
    """Every pixel is multiplied by one matrix for each of its four."""
    batch, height, width, _ = x.shape
    kernel = np.asarray(params["kernel"], np.float64)
    y = np.empty((batch, 2 * height, 2 * width, kernel.shape[-1]))
    for row in range(2):
        for column in range(2):
            y[:, row::2, column::2] = x @ kernel[row, column]
    return y + params["bias"]


def test_published_size():
    images = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    made, shapes = jax.eval_shape(
        Generator().init_with_output, jax.random.key(0), images, images
    )
    assert (made.shape, made.dtype) == (images.shape, np.dtype("float32"))
    count = sum(leaf.size for leaf in jax.tree.leaves(shapes["params"]))
    assert count == 31_367_171


def definition(layers, x):
    """Logits of a generator of two levels with one residual block."""
    first = block(layers.inner("encoder_0"), x)
    second = block(layers.inner("encoder_1"), numpy_layers.max_pool(first, 2, 2))
    x = numpy_layers.max_pool(second, 2, 2)
    x = residual(layers.inner("residual_0"), block(layers.inner("bottleneck"), x))
    for level, skip in ((1, second), (0, first)):
        x = np.concatenate([doubled(x, layers.params[f"up_{level}"]), skip], axis=-1)
        x = block(layers.inner(f"decoder_{level}"), x)
    return layers.conv(x, "out") + layers.params["out"]["bias"]


def test_a_small_one_is_its_definition():
    rendered, masked = inputs()
    variables = fill(SMALL, rendered, masked)
    x = np.concatenate([rendered, masked], axis=-1)
    logits = definition(numpy_layers.Normed(variables), x)
    found = jax.jit(SMALL.apply)(variables, rendered, masked)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits)), atol=1e-6)


def test_squares_of_pixels_are_channels():
    """The network of one pixel each is told what the other is given, square by square."""
    rendered, masked = inputs(16, 24)
    patched = Generator(features=2, levels=2, residual_blocks=1, patch=2)
    variables = fill(patched, rendered, masked)
    found = jax.jit(patched.apply)(variables, rendered, masked)
    assert found.shape == rendered.shape

    def corner(images, row, column):
        return images[:, row::2, column::2]

    places = [(row, column) for row in range(2) for column in range(2)]
    given = [corner(both, *at) for at in places for both in (rendered, masked)]
    x = np.concatenate(given, axis=-1)
    logits = definition(numpy_layers.Normed(variables), x)
    for index, at in enumerate(places):
        wanted = 1 / (1 + np.exp(-logits[..., 3 * index : 3 * index + 3]))
        np.testing.assert_allclose(corner(found, *at), wanted, atol=1e-6)


def test_squares_have_a_pixel_at_least():
    with pytest.raises(ValueError, match="patch: expected at least 1 pixel, got 0"):
        Generator(patch=0).init(jax.random.key(0), *inputs())


def test_transposed_convolutions_start_in_pytorchs_range():
    x = jnp.zeros((1, 2, 2, 32))
    params = jax.jit(UpConv(16).init)(jax.random.key(0), x)["params"]
    limit = 1 / np.sqrt(4 * 16)
    for array in params.values():
        assert 0.8 * limit < np.abs(array).max() <= limit


def test_training_moves_the_statistics_of_every_norm():
    variables = fill(SMALL, *inputs())
    run = jax.jit(lambda v, *x: apply_with_statistics(SMALL, v, *x, train=True))
    changed = run(variables, *inputs())[1]["batch_stats"]
    moved = jax.tree.map(
        lambda new, old: bool((new != old).any()), changed, variables["batch_stats"]
    )
    assert jax.tree.structure(changed) == jax.tree.structure(variables["batch_stats"])
    assert all(jax.tree.leaves(moved))


@pytest.mark.parametrize(
    ("rendered", "masked", "message"),
    [
        (
            (1, 8, 10, 3),
            (1, 8, 10, 3),
            r"rendered.*divisible by 4.*got \[1, 8, 10, 3\]",
        ),
        ((1, 4, 8, 3), (1, 4, 8, 3), "at least 8"),
        ((1, 8, 8, 3), (1, 8, 8, 1), r"masked: expected .*got \[1, 8, 8, 1\]"),
        ((1, 8, 8, 3), (2, 8, 8, 3), "masked: expected the shape of rendered"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(rendered, masked, message):
    with pytest.raises(ValueError, match=message):
        SMALL.init(jax.random.key(0), jnp.zeros(rendered), jnp.zeros(masked))
