import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.iresnet import ImprovedResNet
from face_jax.smirk.mica import Mica
from tests.filled import fill
from tests.nn import numpy_layers

SMALL = Mica(
    depths=(1, 1),
    channels=(3, 4),
    embedding_size=6,
    hidden=(5, 5),
    num_shape=7,
    image_size=8,
)


def faces():
    return jax.random.uniform(jax.random.key(0), (2, 8, 8, 3))


def run(network, variables, images):
    """Coefficients, and the embedding that they are made from."""
    found, state = jax.jit(
        functools.partial(
            network.apply,
            capture_intermediates=lambda module, _: module.name == "identity",
            mutable=["intermediates"],
        )
    )(variables, images)
    return found, state["intermediates"]["identity"]["__call__"][0]


def test_published_sizes():
    images = jax.ShapeDtypeStruct((1, 112, 112, 3), jnp.float32)
    shapes = jax.eval_shape(Mica().init, jax.random.key(0), images)["params"]
    identity = shapes.pop("identity")
    assert sum(leaf.size for leaf in jax.tree.leaves(identity)) == 65_156_160
    assert identity["embedding"]["kernel"].shape == (25_088, 512)
    kernels = {name: layer["kernel"].shape for name, layer in shapes.items()}
    assert kernels == {
        "mapping_0": (512, 300),
        "mapping_1": (300, 300),
        "mapping_2": (300, 300),
        "mapping_3": (300, 300),
        "out": (300, 300),
    }


def test_coefficients_are_a_mapping_of_the_unit_embedding():
    variables = fill(SMALL, faces())
    found, embedding = run(SMALL, variables, faces())
    x = np.asarray(embedding, np.float64)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    for index in range(2):
        x = numpy_layers.dense(x, variables["params"][f"mapping_{index}"])
        x = numpy_layers.relu(x, 0.2)
    expected = numpy_layers.dense(x, variables["params"]["out"])
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("order", ["bgr", "rgb"])
def test_the_identity_network_sees_centred_colours_in_either_order(order):
    variables = fill(SMALL, faces())
    network = dataclasses.replace(SMALL, channel_order=order)
    _, embedding = run(network, variables, faces())
    identity = ImprovedResNet(SMALL.depths, SMALL.channels, SMALL.embedding_size)
    inner = {name: tree["identity"] for name, tree in variables.items()}
    centred = (faces() - 0.5) / 0.5
    seen = centred if order == "rgb" else centred[..., ::-1]
    expected, other = (
        jax.jit(identity.apply)(inner, x) for x in (seen, seen[..., ::-1])
    )
    np.testing.assert_allclose(embedding, expected, atol=1e-5)
    assert np.abs(embedding - other).max() > 1e-2


@pytest.mark.parametrize("shape", [(2, 8, 16, 3), (2, 16, 16, 3), (8, 8, 3)])
def test_faces_of_another_size_are_refused(shape):
    with pytest.raises(ValueError, match=r"MICA input: expected \[B, 8, 8, 3\], got"):
        SMALL.init(jax.random.key(0), jnp.zeros(shape))


def test_an_unknown_order_of_channels_is_refused():
    network = dataclasses.replace(SMALL, channel_order="grb")
    with pytest.raises(ValueError, match=r"channel_order: expected one of .*'grb'"):
        network.init(jax.random.key(0), faces())
