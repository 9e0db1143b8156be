import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn import vgg
from tests.filled import fill

TORCHVISION_VGG19 = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
TORCHVISION_VGG16 = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]


@pytest.mark.parametrize(
    ("variant", "last", "numbers"),
    [("vgg19", "relu5_4", TORCHVISION_VGG19), ("vgg16", "relu5_3", TORCHVISION_VGG16)],
)
def test_convolutions_have_torchvisions_numbers(variant, last, numbers):
    found = vgg.convolutions(variant, (last,))
    assert [vgg.torchvision_index(variant, b, i) for b, i, _ in found] == numbers


def test_only_needed_layers_exist_and_maps_halve():
    network = vgg.VggFeatures(layers=("relu1_2", "relu3_1"), variant="vgg16")
    x = jnp.zeros((1, 18, 20, 3))
    maps, variables = jax.eval_shape(
        lambda: network.init_with_output(jax.random.key(0), x)
    )
    assert [m.shape for m in maps] == [(1, 18, 20, 64), (1, 4, 5, 256)]
    assert set(variables["params"]) == {
        "conv1_1",
        "conv1_2",
        "conv2_1",
        "conv2_2",
        "conv3_1",
    }


def test_images_are_normalised_inside():
    network = vgg.VggFeatures(layers=("relu1_1",))
    x = jax.random.uniform(jax.random.key(1), (1, 4, 4, 3))
    variables = fill(network, x)
    params = variables["params"]["conv1_1"]
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    window = (np.asarray(x)[0, :3, :3] - mean) / std
    value = np.einsum("ijc,ijcf->f", window, params["kernel"]) + params["bias"]
    actual = network.apply(variables, x)[0][0, 1, 1]
    np.testing.assert_allclose(actual, np.maximum(value, 0), atol=1e-5)


def test_unknown_or_unordered_layers_are_refused():
    with pytest.raises(ValueError, match="layers"):
        vgg.convolutions("vgg16", ("relu3_4",))
    with pytest.raises(ValueError, match="in order"):
        vgg.convolutions("vgg19", ("relu2_1", "relu1_1"))
    with pytest.raises(ValueError, match="variant"):
        vgg.convolutions("vgg11")
