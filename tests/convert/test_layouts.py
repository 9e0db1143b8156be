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
