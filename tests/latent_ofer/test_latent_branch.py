import jax
import numpy as np
import pytest

from face_jax.latent_ofer.latent_branch import LatentBranch
from tests.filled import fill
from tests.latent_ofer.small_networks import latents
from tests.nn import numpy_layers

BRANCH = LatentBranch(features=(8, 7, 6, 4))
apply = jax.jit(BRANCH.apply)


def test_norms_follow_every_second_layer_and_nothing_is_cut_off():
    given = latents()
    variables = fill(BRANCH, given)
    layers = numpy_layers.Normed(variables)
    x = given.reshape(2, -1).astype(np.float64)
    for index in range(4):
        x = numpy_layers.dense(x, layers.params[f"dense_{index}"])
        if index in (1, 3):
            x = layers.norm(x, f"norm_{index}")
    assert x.min() < 0
    np.testing.assert_allclose(apply(variables, given), x, rtol=1e-4, atol=1e-5)


def test_flat_latents_are_refused():
    with pytest.raises(ValueError, match=r"latents: expected \[B, N, D\].*\(2, 12\)"):
        fill(BRANCH, np.zeros((2, 12), np.float32))
