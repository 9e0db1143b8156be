import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.discriminator import Discriminator, scale_name
from tests.filled import fill

SMALL = {"block_expansion": 8, "max_features": 32, "image_size": 64}


def judged(image_shape, **fields):
    network = Discriminator(**{**SMALL, **fields})
    images = jax.random.uniform(jax.random.key(0), image_shape)
    keypoints = jax.random.uniform(jax.random.key(1), (image_shape[0], 10, 2))
    variables = fill(network, images, keypoints)
    return network, variables, jax.jit(network.apply)(variables, images, keypoints)


def test_sizes_shrink_without_padding():
    _, _, ((features, prediction),) = judged((2, 64, 64, 3))
    sizes = [(30, 16), (13, 32), (5, 32), (2, 32)]
    assert [f.shape for f in features] == [(2, n, n, c) for n, c in sizes]
    assert prediction.shape == (2, 2, 2, 1)
    assert prediction.dtype == jnp.float32


def test_another_image_size_is_resized_first():
    _, _, ((_, prediction),) = judged((1, 40, 48, 3))
    assert prediction.shape == (1, 2, 2, 1)


def test_every_scale_has_its_own_discriminator_and_sees_its_own_image():
    network, variables, judgements = judged(
        (1, 64, 64, 3), scales=(1, 0.5), num_blocks=2
    )
    assert set(variables["params"]) == {"scale_1", "scale_0-5"}
    assert [p.shape for _, p in judgements] == [(1, 27, 27, 1), (1, 11, 11, 1)]
    grey = jnp.full((1, 64, 64, 3), 0.5)
    outside = jnp.full((1, 10, 2), 9.0)
    full, half = network.apply(variables, grey, outside)
    assert not np.allclose(full[1].mean(), half[1].mean())


def test_scale_names_are_those_of_published_weights():
    assert [scale_name(s) for s in (1, 1.0, 0.5, 0.25)] == ["1", "1", "0-5", "0-25"]


def test_keypoints_matter_and_can_be_left_out():
    network, variables, ((_, prediction),) = judged((1, 64, 64, 3))
    images = jax.random.uniform(jax.random.key(0), (1, 64, 64, 3))
    moved = network.apply(variables, images, jnp.zeros((1, 10, 2)))[0][1]
    assert np.abs(moved - prediction).max() > 1e-4
    _, variables, _ = judged((1, 64, 64, 3), num_keypoints=0)
    assert variables["params"]["scale_1"]["block_0_conv"]["kernel"].shape[2] == 3
