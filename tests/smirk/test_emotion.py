import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.resnet import BottleneckResNet
from face_jax.smirk.emotion import emotion_loss, feature_distance
from tests.filled import fill


def features():
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, 3, 5)).astype(np.float32)


@pytest.mark.parametrize(
    ("distance", "definition"),
    [
        ("l2", lambda a, b: np.mean((a - b) ** 2, axis=1)),
        ("l1", lambda a, b: np.mean(np.abs(a - b), axis=1)),
        (
            "cosine",
            lambda a, b: (
                1
                - np.sum(a * b, 1)
                / np.linalg.norm(a, axis=1)
                / np.linalg.norm(b, axis=1)
            ),
        ),
    ],
)
def test_distances_are_their_definitions(distance, definition):
    made, target = features()
    expected = definition(made.astype(np.float64), target.astype(np.float64))
    found = feature_distance(made, target, distance)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_cosine_of_almost_parallel_features_keeps_its_digits():
    angle = 1e-5
    made = jnp.array([[1.0, 0.0]])
    target = jnp.array([[3.0, 3.0 * angle]])
    found = feature_distance(made, target, "cosine")
    np.testing.assert_allclose(found, [angle**2 / 2], rtol=1e-3)


def test_features_that_are_zero_have_a_finite_gradient():
    def total(made):
        return feature_distance(made, jnp.ones((1, 4)), "cosine").sum()

    assert np.isfinite(jax.jit(jax.grad(total))(jnp.zeros((1, 4)))).all()


def test_the_loss_is_the_mean_over_pictures():
    network = BottleneckResNet(depths=(1, 1), width=2)
    made, target = jax.random.uniform(jax.random.key(0), (2, 3, 16, 16, 3))
    variables = fill(network, made)
    features = (jax.jit(network.apply)(variables, x) for x in (made, target))
    loss = jax.jit(emotion_loss, static_argnums=0)
    expected = feature_distance(*features).mean()
    np.testing.assert_allclose(
        loss(network, variables, made, target), expected, rtol=1e-5
    )
    assert loss(network, variables, made, made) == 0 < expected


def test_an_unknown_distance_is_refused():
    with pytest.raises(ValueError, match=r"distance: expected one of .*got 'cos'"):
        feature_distance(*features(), "cos")
