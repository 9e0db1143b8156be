"""Statistics of expressions against numpy."""

import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt import objectives
from face_jax.fsrt.views import Description

ITEMS, SOURCES, DRIVING, ENTRIES = 3, 2, 4, 5


def description(seed=0) -> Description:
    random = np.random.default_rng(seed)
    persons = 2 * random.standard_normal((ITEMS, 1, ENTRIES))

    def vectors(frames):
        frames = 0.1 * random.standard_normal((ITEMS, frames, ENTRIES))
        return jnp.asarray(persons + frames, jnp.float32)

    points = jnp.zeros((ITEMS, 1, 10, 2))
    return Description(
        points,
        points,
        vectors(SOURCES),
        vectors(SOURCES),
        vectors(DRIVING),
        vectors(DRIVING),
    )


def views(given):
    return [
        np.concatenate(pair, axis=1).astype(np.float64)
        for pair in (
            (given.source_expression, given.driving_expression),
            (given.source_expression_second, given.driving_expression_crop),
        )
    ]


@pytest.mark.parametrize("statistics", ["vicreg", "per_item"])
def test_statistics_across_the_batch(statistics):
    given = description()
    terms = objectives.regularize_expressions(given, (1.0, 1.0, 1.0), 1, statistics)
    variance = covariance = 0.0
    for view in views(given):
        if statistics == "per_item":
            view = view - view.mean(axis=1, keepdims=True)
        rows = view.reshape(-1, ENTRIES)
        matrix = np.cov(rows.T)
        spread = np.sqrt(np.diag(matrix) + 1e-4)
        variance += np.maximum(1 - spread, 0).mean()
        covariance += ((matrix - np.diag(np.diag(matrix))) ** 2).sum() / ENTRIES
    np.testing.assert_allclose(terms["variance"], variance, rtol=1e-4)
    np.testing.assert_allclose(terms["covariance"], covariance, rtol=1e-4)


def test_persons_apart_do_not_count_as_variance_per_item():
    given = description()
    across, within = (
        objectives.regularize_expressions(given, (0.0, 1.0, 0.0), 1, statistics)
        for statistics in ("vicreg", "per_item")
    )
    assert across["variance"] < 0.3
    assert within["variance"] > 1.5


def test_identity_is_the_variance_of_the_persons_means():
    given = description()
    expected = np.mean([view.mean(axis=1).var(axis=0).mean() for view in views(given)])
    found = objectives.identity_in_expressions(given)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
