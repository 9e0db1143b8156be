import jax
import numpy as np

from face_jax.bench.random_variables import random_variables
from face_jax.nn.basic_resnet import BasicResNet

IMAGES = np.zeros((1, 16, 16, 3), np.float32)


def test_they_are_those_of_the_network():
    network = BasicResNet(depths=(1,), width=64)
    found = random_variables(network, IMAGES)
    shapes = jax.eval_shape(network.init, jax.random.key(0), IMAGES)
    assert jax.tree.map(np.shape, found) == jax.tree.map(np.shape, shapes)
    kernel = found["params"]["stage_0_block_0"]["first"]["kernel"]
    assert abs(kernel.std() - (9 * 64) ** -0.5) < 1e-3
    norm = found["batch_stats"]["stem_norm"]
    assert (norm["var"] == 1).all() and not norm["mean"].any()


def test_the_seed_decides():
    network = BasicResNet(depths=(1,), width=2)
    one, again, other = (random_variables(network, IMAGES, seed=s) for s in (1, 1, 2))
    jax.tree.map(np.testing.assert_array_equal, one, again)
    kernels = (tree["params"]["stem"]["kernel"] for tree in (one, other))
    assert not np.array_equal(*kernels)
