import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.batch_norm import apply_with_statistics
from face_jax.nn.patch_net import Block, PatchNet
from face_jax.train import partitioning
from tests.filled import fill
from tests.nn import numpy_layers
from tests.nn.statistics import assert_statistics_move

SMALL = PatchNet(widths=(4, 6), depths=(1, 2))
IMAGES = np.random.default_rng(0).random((2, 20, 26, 3)).astype(np.float32)


def test_maps_start_at_a_quarter_and_halve_rounding_up():
    images = jax.ShapeDtypeStruct((2, 80, 74, 3), jnp.float32)
    maps, _ = jax.eval_shape(PatchNet().init_with_output, jax.random.key(0), images)
    assert [m.shape for m in maps] == [
        (2, 20, 19, 32),
        (2, 10, 10, 64),
        (2, 5, 5, 128),
    ]


def test_a_block_is_its_definition():
    x = jax.random.normal(jax.random.key(0), (2, 5, 6, 4))
    variables = fill(Block(), x)
    layers = numpy_layers.Normed(variables, epsilon=1e-3)
    kernel = layers.params["depthwise"]["kernel"]
    y = numpy_layers.depthwise(np.asarray(x, np.float64), kernel, 1, (1, 1))
    y = layers.norm(y, "depthwise_norm")
    for name, after in (("expand", numpy_layers.relu), ("project", np.asarray)):
        y = after(y @ layers.params[name]["kernel"] + layers.params[name]["bias"])
    found = jax.jit(Block().apply)(variables, x)
    np.testing.assert_allclose(found, x + y, atol=1e-5)


def test_the_first_map_is_of_patches_around_their_cells():
    network = PatchNet(widths=(5,), depths=(0,))
    variables = fill(network, IMAGES)
    layers = numpy_layers.Normed(variables, epsilon=1e-3)
    x = np.pad(IMAGES.astype(np.float64) - 0.5, ((0, 0), (1, 2), (2, 3), (0, 0)))
    expected = layers.norm(layers.conv(x, "shrink_0", stride=4), "shrink_0_norm")
    (found,) = jax.jit(network.apply)(variables, IMAGES)
    assert found.shape == (2, 5, 7, 5)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_training_moves_the_statistics_of_every_norm():
    assert_statistics_move(SMALL, IMAGES)


def test_a_split_batch_has_the_gradients_of_a_whole_one():
    images = np.random.default_rng(0).random((8, 20, 26, 3)).astype(np.float32)
    variables = fill(SMALL, images)

    def loss(params, images):
        maps, _ = apply_with_statistics(
            SMALL, {**variables, "params": params}, images, train=True
        )
        return sum(jnp.sum(jnp.sin(seen)) for seen in maps)

    gradient = jax.jit(jax.grad(loss))
    expected = gradient(variables["params"], images)
    mesh = partitioning.make_mesh(8, 1, 1)
    with jax.set_mesh(mesh):
        rows = jax.NamedSharding(mesh, jax.P("data"))
        found = gradient(variables["params"], jax.device_put(images, rows))
    for ours, theirs in zip(*map(jax.tree.leaves, (found, expected)), strict=True):
        scale = np.linalg.norm(theirs)
        assert np.linalg.norm(np.asarray(ours) - np.asarray(theirs)) < 1e-4 * scale


def test_wrong_pictures_and_folded_training_are_refused():
    with pytest.raises(ValueError, match=r"PatchNet input.*got \[1, 3, 32, 32\]"):
        SMALL.init(jax.random.key(0), jnp.zeros((1, 3, 32, 32)))
    with pytest.raises(ValueError, match="folded: expected False in training"):
        PatchNet(folded=True).init(jax.random.key(0), jnp.zeros((1, 32, 32, 3)), True)
