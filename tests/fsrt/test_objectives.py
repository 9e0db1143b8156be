"""Statistics of expressions against numpy."""

import numpy as np
import pytest

from face_jax.fsrt import objectives
from tests.fsrt.descriptions import ENTRIES, description, views


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
