"""Whose features are compared."""

import dataclasses

import jax
import pytest

from tests.filled import fill
from tests.latent_ofer.small_judges import EXPRESSION, SIDE, judges, pictures


def test_without_weights_of_vgg16_the_expression_network_looks():
    network = EXPRESSION.clone(depths=(1, 1))
    variables = {"expression": fill(network, pictures())}
    given = dataclasses.replace(judges(eyes="expression"), expression=network)
    seen = jax.eval_shape(given.perceive, variables, pictures())
    expected = (len(pictures()), SIDE // 8, SIDE // 8, 8)
    assert seen.pooled.shape == seen.deep.shape == expected
    with pytest.raises(KeyError, match="vgg16"):
        jax.eval_shape(judges().perceive, variables, pictures())


def test_unknown_eyes_are_refused():
    with pytest.raises(
        ValueError, match="eyes: expected one of vgg16, expression, got"
    ):
        judges(eyes="mine")
