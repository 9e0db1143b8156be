import jax
import numpy as np
import pytest

from face_jax.convert.engine import ConversionError
from face_jax.convert.kinds import convert_files
from face_jax.metrics.lpips import Lpips
from face_jax.published import published_kind
from tests.filled import fill
from tests.nn import test_alexnet
from tests.nn.numpy_layers import convolve, max_pool, relu
from tests.small_published import published_files

SHIFT, SCALE = np.array([-0.030, -0.088, -0.188]), np.array([0.458, 0.448, 0.450])
"""LPIPS's own, of pictures in [-1, 1]."""

VGG = (2, 2, 3, 3, 3)


def vgg_maps(params, images):
    """The last map of each block in float64."""
    x, found = ((2 * np.asarray(images, np.float64) - 1) - SHIFT) / SCALE, []
    for block, depth in enumerate(VGG, start=1):
        x = max_pool(x, 2, 2) if block > 1 else x
        for index in range(1, depth + 1):
            layer = params[f"conv{block}_{index}"]
            bias = np.asarray(layer["bias"], np.float64)
            x = relu(convolve(x, layer["kernel"], 1, (1, 1)) + bias)
        found.append(x)
    return found


def lpips(params, prediction, target, maps):
    """The definition in float64."""
    total = np.zeros(len(prediction))
    pairs = [maps(params["features"], images) for images in (prediction, target)]
    for index, (ours, theirs) in enumerate(zip(*pairs, strict=True)):
        weights = np.asarray(params[f"linear_{index}"], np.float64)
        units = [
            x / (np.sqrt((x**2).sum(-1, keepdims=True)) + 1e-10) for x in (ours, theirs)
        ]
        weighed = (weights * (units[0] - units[1]) ** 2).sum(-1)
        total += weighed.mean(axis=(1, 2))
    return total


def pictures(side):
    """Random, near, constant and random, black and white, equal."""
    rng = np.random.default_rng(0)
    one = rng.random((5, side, side, 3), np.float32)
    other = np.concatenate([rng.random((1, side, side, 3), np.float32), one[1:]])
    other[1] = np.clip(one[1] + rng.normal(0, 0.02, one[1].shape), 0, 1)
    one[2], one[3], other[3] = 0.4, 0, 1
    return one, other


@pytest.mark.parametrize(
    ("backbone", "side", "maps"),
    [("alex", 40, test_alexnet.features), ("vgg16", 17, vgg_maps)],
)
def test_distances_are_those_of_the_definition(backbone, side, maps):
    network = Lpips(backbone)
    one, other = pictures(side)
    variables = fill(network, one, other)
    params = variables["params"]
    for index in range(5):
        params[f"linear_{index}"] = np.abs(params[f"linear_{index}"])
    found = jax.jit(network.apply)(variables, one, other)
    expected = lpips(params, one, other, maps)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert found[0] > found[1] > 0 and (found[2:4] > 0).all() and found[4] == 0


def test_pictures_that_cannot_be_compared_are_refused():
    key, image = jax.random.key(0), np.zeros((2, 40, 40, 3), np.float32)
    with pytest.raises(ValueError, match=r"one shape, got \[2, 40.* and \[1, 40"):
        Lpips().init(key, image, image[:1])
    with pytest.raises(ValueError, match="at least 31"):
        Lpips().init(key, image[:, :30], image[:, :30])
    with pytest.raises(ValueError, match="alex or vgg16, got 'vgg'"):
        Lpips("vgg").init(key, image, image)


def test_half_of_the_weights_is_no_lpips(tmp_path):
    _, _, paths = published_files("lpips_alex", None, tmp_path)
    kind = published_kind("lpips_alex")
    for path, missing in zip(paths, ("lin0", "features"), strict=True):
        with pytest.raises(ConversionError, match=f"missing .*{missing}"):
            convert_files(kind, [path])
