import jax
import jax.numpy as jnp
import numpy as np

from face_jax.smirk.gradients import limit_gradient

TREE = {"one": jnp.array([1.0, -2.0]), "other": jnp.array([[2.0]])}


def gradient(largest):
    def loss(tree):
        return sum(
            jnp.sum(x**2) for x in jax.tree.leaves(limit_gradient(tree, largest))
        )

    return jax.grad(loss)(TREE)


def test_a_large_gradient_keeps_its_direction_over_all_leaves():
    # The gradient is twice the tree, whose norm is 3.
    found = gradient(1.5)
    for name, leaf in TREE.items():
        np.testing.assert_allclose(found[name], leaf / 2, rtol=1e-6)


def test_a_small_gradient_and_the_value_stay():
    found = gradient(6.5)
    for name, leaf in TREE.items():
        np.testing.assert_allclose(found[name], 2 * leaf, rtol=1e-6)
        np.testing.assert_array_equal(limit_gradient(TREE, 0.1)[name], leaf)


def test_no_gradient_is_no_division_by_zero():
    still = jax.grad(lambda x: 0.0 * limit_gradient(x, 1.0))(1.0)
    assert still == 0.0
