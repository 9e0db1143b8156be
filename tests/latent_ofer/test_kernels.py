import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.kernels import Kernel, gamma_of


def vectors(count, seed):
    values = np.random.default_rng(seed).normal(size=(count, 3))
    return jnp.asarray(values, jnp.float32)


@pytest.mark.parametrize(
    ("kernel", "formula"),
    [
        (Kernel("rbf", 0.3), lambda x, y: np.exp(-0.3 * np.sum((x - y) ** 2))),
        (Kernel("linear"), np.dot),
        (Kernel("polynomial", 0.5, 2, 1.5), lambda x, y: (0.5 * x @ y + 1.5) ** 2),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_kernels_are_their_formulas(kernel, formula):
    x, y = vectors(4, 0), vectors(5, 1)
    expected = [[formula(np.asarray(a), np.asarray(b)) for b in y] for a in x]
    np.testing.assert_allclose(kernel(x, y), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        kernel.diagonal(x), jnp.diagonal(kernel(x, x)), rtol=1e-5
    )


def test_widths_follow_the_samples():
    samples = 2 * vectors(100, 0)
    assert gamma_of(samples) == pytest.approx(1 / (3 * float(samples.var())), rel=1e-5)
    assert gamma_of(samples, "auto") == pytest.approx(1 / 3)


def test_what_is_no_kernel_is_refused():
    with pytest.raises(ValueError, match=r"kernel: expected one of .*got 'sigmoid'"):
        Kernel("sigmoid")
    with pytest.raises(ValueError, match="gamma: expected a positive number, got 0"):
        Kernel("rbf", 0.0)
    with pytest.raises(ValueError, match="gamma: expected 'scale' or 'auto', got"):
        gamma_of(vectors(3, 0), "scaled")
    with pytest.raises(ValueError, match="their variance is 0"):
        gamma_of(jnp.ones((3, 2)))
    with pytest.raises(ValueError, match=r"samples: expected \[N, D\]"):
        gamma_of(jnp.ones(3))
