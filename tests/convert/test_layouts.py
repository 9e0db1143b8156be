import numpy as np
import pytest

from face_jax.convert import layouts


@pytest.mark.parametrize(
    ("layout", "published", "flax"),
    [
        (layouts.VECTOR, (5,), (5,)),
        (layouts.DENSE, (5, 3), (3, 5)),
        (layouts.CONV, (5, 3, 7, 2), (7, 2, 3, 5)),
        (layouts.POINTWISE, (5, 3, 1, 1), (3, 5)),
        (layouts.TRANSPOSED_CONV, (5, 3, 7, 2), (7, 2, 5, 3)),
        (layouts.TOKENS, (1, 5, 3), (5, 3)),
        (layouts.CHANNEL_WEIGHTS, (1, 5, 1, 1), (5,)),
        (layouts.flattened_map(3, 2, 4), (5, 24), (24, 5)),
        (layouts.patch_embedding(3, 2), (5, 3, 2, 2), (12, 5)),
    ],
)
def test_layouts_reorder_axes_and_return(layout, published, flax):
    array = np.arange(np.prod(published)).reshape(published)
    assert array.ndim == layout.rank
    converted = layout.to_flax(array)
    assert converted.shape == flax
    np.testing.assert_array_equal(layout.to_published(converted), array)


def test_a_convolution_keeps_its_taps():
    kernel = np.random.default_rng(0).normal(size=(5, 3, 7, 2))
    converted = layouts.CONV.to_flax(kernel)
    assert converted[6, 1, 2, 4] == kernel[4, 2, 6, 1]


def test_a_transposed_convolution_keeps_its_taps():
    kernel = np.random.default_rng(0).normal(size=(5, 3, 7, 2))
    converted = layouts.TRANSPOSED_CONV.to_flax(kernel)
    assert converted[6, 1, 4, 2] == kernel[4, 2, 6, 1]


def test_a_dense_layer_sees_the_same_pixels_after_flattening():
    rng = np.random.default_rng(0)
    kernel, channels_first = rng.normal(size=(5, 24)), rng.normal(size=(3, 2, 4))
    converted = layouts.flattened_map(3, 2, 4).to_flax(kernel)
    channels_last = channels_first.transpose(1, 2, 0)
    np.testing.assert_allclose(
        channels_last.reshape(-1) @ converted, kernel @ channels_first.reshape(-1)
    )


def test_a_dense_layer_over_another_map_is_noticed_by_its_shape():
    converted = layouts.flattened_map(3, 2, 4).to_flax(np.zeros((5, 30)))
    assert converted.shape == (30, 5)


def test_an_embedding_of_patches_sees_the_same_pixels():
    rng = np.random.default_rng(0)
    kernel, channels_first = rng.normal(size=(5, 3, 2, 2)), rng.normal(size=(3, 2, 2))
    converted = layouts.patch_embedding(3, 2).to_flax(kernel)
    channels_last = channels_first.transpose(1, 2, 0)
    np.testing.assert_allclose(
        channels_last.reshape(-1) @ converted,
        np.einsum("ochw,chw->o", kernel, channels_first),
    )
