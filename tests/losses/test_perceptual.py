import numpy as np
import pytest

from face_jax.losses.perceptual import feature_l1


def test_every_map_counts_by_its_own_mean():
    ours = [np.ones((1, 2, 2, 3)), np.zeros((1, 1, 1, 5))]
    theirs = [np.full((1, 2, 2, 3), -1.0), np.full((1, 1, 1, 5), 0.5)]
    np.testing.assert_allclose(feature_l1(ours, theirs), [2, 0.5])


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="argument"):
        feature_l1([np.ones(1)], [np.ones(1), np.ones(1)])
