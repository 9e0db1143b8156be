"""Two forms of one convolution, and what flows back through them."""

import jax
import jax.numpy as jnp
import numpy as np


def assert_same_gradients(found, expected, x, kernel):
    """Both forms pass the same change of their result on to image and kernel."""
    shape = jax.eval_shape(expected, x, kernel).shape
    change = jax.random.normal(jax.random.key(1), shape)

    def pulled(form):
        return jax.jit(lambda *given: jax.vjp(form, *given)[1](change))(x, kernel)

    for ours, theirs in zip(pulled(found), pulled(expected), strict=True):
        assert jnp.abs(theirs).max() > 0.1
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
