import numpy as np
from scipy.spatial import distance

from face_jax.metrics.parameters import parameter_distance


def test_distances_are_means_over_parameters():
    one, other = np.random.default_rng(0).normal(size=(2, 5, 50)).astype(np.float32)
    expected = [distance.cityblock(*p) / 50 for p in zip(one, other, strict=True)]
    np.testing.assert_allclose(parameter_distance(one, other), expected, atol=1e-5)
    assert parameter_distance(one[0], one[0]) == 0
