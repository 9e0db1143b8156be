import numpy as np

from face_jax.convert.engine import flatten


def assert_trees_equal(actual, expected):
    actual, expected = flatten(actual), flatten(expected)
    assert set(actual) == set(expected)
    for path, array in expected.items():
        np.testing.assert_array_equal(actual[path], array, err_msg="/".join(path))
