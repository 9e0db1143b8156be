import jax
import numpy as np

from face_jax.losses import adversarial


def test_a_perfect_discriminator_and_a_perfect_generator_lose_nothing():
    ones, zeros = np.ones((2, 3, 3, 1)), np.zeros((2, 3, 3, 1))
    assert adversarial.lsgan_discriminator(ones, zeros) == 0
    assert adversarial.lsgan_generator(ones) == 0
    assert adversarial.lsgan_discriminator(zeros, ones) == 2
    assert adversarial.lsgan_generator(zeros) == 1


def test_generator_gradient_is_that_of_the_mean_square():
    scores = np.array([0.25, 3.0], np.float32)
    gradient = jax.grad(adversarial.lsgan_generator)(scores)
    np.testing.assert_allclose(gradient, -2 * (1 - scores) / 2)


def test_feature_matching_is_a_mean_distance_per_block():
    real = [np.zeros((1, 4)), np.ones((1, 2))]
    made = [np.full((1, 4), 2.0), np.array([[0.0, 3.0]])]
    np.testing.assert_allclose(adversarial.feature_matching(real, made), [2, 1.5])


def test_relativistic_scores_are_compared_with_the_mean_of_the_others():
    winning, losing = np.array([[2.0], [4.0]]), np.array([[1.0, 0.0, 2.0]])
    above = np.mean((winning - 1 - 1) ** 2)
    below = np.mean((losing - 3 + 1) ** 2)
    loss = adversarial.relativistic(winning, losing)
    np.testing.assert_allclose(loss, (above + below) / 2)
    assert adversarial.relativistic(np.ones(3), np.zeros(3)) == 0
