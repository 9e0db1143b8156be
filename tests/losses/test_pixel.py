import numpy as np

from face_jax.losses.pixel import mean_absolute_error, mean_squared_error


def test_errors_are_means_per_item():
    prediction = np.array([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])
    target = np.array([[[1.0, 0.0], [0.0, 4.0]], [[1.0, -1.0], [1.0, -1.0]]])
    squared = mean_squared_error(prediction.astype(np.float16), target)
    np.testing.assert_allclose(squared, [(4 + 9) / 4, 1])
    assert squared.dtype == np.float32
    np.testing.assert_allclose(mean_absolute_error(prediction, target), [5 / 4, 1])
