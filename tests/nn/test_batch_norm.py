import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.nn.batch_norm import apply_with_statistics, batch_norm
from tests.filled import fill
from tests.nn import numpy_layers


class Normed(nn.Module):
    dtype: type = jnp.float32

    @nn.compact
    def __call__(self, x, train=False):
        return batch_norm(train, dtype=self.dtype, name="norm")(x)


def pictures():
    # Far from zero: variances of sums of squares would have no digits left.
    return 100.0 + jax.random.normal(jax.random.key(1), (3, 4, 5, 2))


def test_stored_statistics_outside_training():
    x = pictures()
    variables = fill(Normed(), x)
    found, changed = apply_with_statistics(Normed(), variables, x, train=False)
    params, statistics = (variables[c]["norm"] for c in ("params", "batch_stats"))
    expected = numpy_layers.norm(np.asarray(x, np.float64), params, statistics)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert changed == {}


def test_training_uses_the_batch_and_follows_it():
    x = pictures()
    variables = fill(Normed(), x)
    found, changed = apply_with_statistics(Normed(), variables, x, train=True)
    exact = np.asarray(x, np.float64)
    batch = {"mean": exact.mean((0, 1, 2)), "var": exact.var((0, 1, 2))}
    expected = numpy_layers.norm(exact, variables["params"]["norm"], batch)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert set(changed) == {"batch_stats"}
    for name, value in changed["batch_stats"]["norm"].items():
        old = variables["batch_stats"]["norm"][name]
        np.testing.assert_allclose(value, 0.9 * old + 0.1 * batch[name], rtol=1e-4)


def test_statistics_are_float32_in_shorter_computations():
    x = pictures().astype(jnp.bfloat16)
    module = Normed(jnp.bfloat16)
    found, changed = apply_with_statistics(module, fill(module, x), x, train=True)
    assert found.dtype == jnp.bfloat16
    assert {leaf.dtype for leaf in jax.tree.leaves(changed)} == {np.dtype("float32")}
