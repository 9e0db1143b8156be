import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.mae import MaskedAutoencoder, masked_autoencoder
from face_jax.nn.vit import sincos_positions
from tests.convert.trees import assert_trees_equal
from tests.filled import fill

PUBLISHED_ARRAYS = {"base": 111_907_840, "large": 329_541_888}
ENCODER, DECODER = 85_798_656, 26_109_184
SMALL = {
    "image_size": 12,
    "patch_size": 4,
    "width": 16,
    "depth": 2,
    "num_heads": 2,
    "decoder_width": 8,
    "decoder_depth": 1,
    "decoder_heads": 2,
}


@pytest.fixture(scope="module")
def network():
    return MaskedAutoencoder(**SMALL)


@pytest.fixture(scope="module")
def images():
    numbers = np.random.default_rng(0).uniform(size=(2, 12, 12, 3))
    return jnp.asarray(numbers, jnp.float32)


@pytest.fixture(scope="module")
def mask():
    """Four patches of the first picture are masked, one of the second."""
    mask = np.zeros((2, 9), bool)
    mask[0, [0, 4, 5, 8]] = mask[1, 2] = True
    return jnp.asarray(mask)


@pytest.fixture(scope="module")
def variables(network, images):
    return fill(network, images)


@pytest.fixture(scope="module")
def run(network, variables):
    return jax.jit(functools.partial(network.apply, variables))


@pytest.fixture(scope="module")
def from_kept(network, variables):
    return jax.jit(functools.partial(network.apply, variables, method="from_kept"))


def test_masked_patches_are_as_if_they_were_not_there(images, mask, run, from_kept):
    found = run(images, mask)
    for item in range(2):
        kept = jnp.flatnonzero(~mask[item])[None]
        alone = from_kept(images[item : item + 1], kept)
        rows = jnp.concatenate([jnp.zeros(1, int), 1 + kept[0]])
        np.testing.assert_allclose(
            found.latents[item, rows], alone.latents[0], atol=1e-5
        )
        np.testing.assert_allclose(found.tokens[item], alone.tokens[0], atol=1e-5)
        np.testing.assert_allclose(found.patches[item], alone.patches[0], atol=1e-5)


def test_pixels_of_masked_patches_influence_nothing(images, mask, run):
    others = images.at[1, :4, 8:].set(0.5)  # patch 2 of the second picture
    assert not np.array_equal(run(images).latents, run(others).latents)
    for one, other in zip(
        jax.tree.leaves(run(images, mask)),
        jax.tree.leaves(run(others, mask)),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_latents_of_masked_patches_are_zero(images, mask, run):
    latents = np.asarray(run(images, mask).latents)
    np.testing.assert_array_equal((latents == 0).all(-1)[:, 1:], mask)
    assert latents[:, 0].any()


def test_an_empty_mask_is_no_mask(images, run):
    nothing = jnp.zeros((2, 9), bool)
    np.testing.assert_allclose(
        run(images, nothing).patches, run(images).patches, atol=1e-5
    )


def test_kept_patches_may_come_in_any_order(images, from_kept):
    kept = jnp.array([[7, 0, 3], [1, 2, 8]])
    one, other = from_kept(images, kept), from_kept(images, kept[:, ::-1])
    np.testing.assert_allclose(one.latents[:, 1:], other.latents[:, :0:-1], atol=1e-5)
    np.testing.assert_allclose(one.patches, other.patches, atol=1e-5)


def test_half_precision_stays_close(variables, images, mask, run):
    network = MaskedAutoencoder(**SMALL, dtype=jnp.bfloat16)
    half = jax.jit(network.apply)(variables, images, mask)
    assert half.latents.dtype == jnp.bfloat16
    assert half.patches.dtype == jnp.float32
    np.testing.assert_allclose(half.patches, run(images, mask).patches, atol=0.1)


@pytest.mark.parametrize("size", ["base", "large"])
def test_published_sizes(size):
    network = masked_autoencoder(size)
    picture = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    shapes = jax.eval_shape(network.init, jax.random.key(0), picture)
    assert count(shapes) == PUBLISHED_ARRAYS[size]
    if size == "base":
        both = {**shapes["params"], **shapes["constants"]}
        later = ("decoder", "mask_token")
        decoder = {k: v for k, v in both.items() if k.startswith(later)}
        assert count(decoder) == DECODER
        assert count(both) - count(decoder) == ENCODER


def count(tree):
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def test_tables_start_as_the_fixed_positions(network, images):
    tables = jax.jit(lambda key: network.init(key, images)["constants"])
    found = tables(jax.random.key(0))
    expected = {
        "positions": sincos_positions(16, 3, 3),
        "decoder_positions": sincos_positions(8, 3, 3),
    }
    assert_trees_equal(found, expected)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (jnp.zeros((2, 8), bool), r"mask: expected \[2, 9\], got \(2, 8\)"),
        (jnp.zeros((2, 9)), "mask: expected bool, true where masked, got float32"),
    ],
)
def test_other_masks_are_refused(network, variables, images, mask, message):
    with pytest.raises(ValueError, match=message):
        network.apply(variables, images, mask)


def test_pictures_of_other_sizes_are_refused(network, variables):
    with pytest.raises(ValueError, match=r"images: expected \[B, 12, 12, 3\], got"):
        network.apply(variables, jnp.zeros((1, 16, 12, 3)))


def test_patches_that_do_not_fit_are_refused(images):
    with pytest.raises(ValueError, match="image_size: expected a multiple of the"):
        fill(MaskedAutoencoder(**{**SMALL, "patch_size": 5}), images)


def test_unknown_sizes_and_fields_are_refused():
    with pytest.raises(ValueError, match=r"size: expected one of \['tiny', 'base'"):
        masked_autoencoder("huge")
    with pytest.raises(ValueError, match="depht"):
        masked_autoencoder("tiny", {"depht": 2})
    assert masked_autoencoder("tiny", {"depth": 1}).depth == 1
