import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.metrics.classification import (
    accuracy,
    area_under_roc,
    binary_rates,
    class_recall,
    confusion_matrix,
    mean_class_recall,
)

LABELS = jnp.array([0, 0, 0, 0, 1, 1, 3])
PREDICTIONS = jnp.array([0, 0, 0, 3, 1, 0, 2])
CONFUSION = np.array([[3, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]])


def by_pairs(scores, positives, weights):
    """Every pair of a positive and a negative on its own."""
    won = np.sign(scores[:, None] - scores) / 2 + 0.5
    pairs = np.outer(weights * positives, weights * ~positives)
    return (won * pairs).sum() / pairs.sum()


def as_numbers(rates):
    return [rates.accuracy, rates.precision, rates.recall, rates.f1]


def test_confusions_are_counted_by_true_and_predicted_class():
    found = confusion_matrix(LABELS, PREDICTIONS, 4)
    np.testing.assert_array_equal(found, CONFUSION)
    assert found.dtype == jnp.float32


def test_rates_of_classes():
    np.testing.assert_allclose(accuracy(CONFUSION), 4 / 7)
    np.testing.assert_allclose(class_recall(CONFUSION), [3 / 4, 1 / 2, np.nan, 0])
    # The class that does not occur is no class that was missed.
    np.testing.assert_allclose(mean_class_recall(CONFUSION), (3 / 4 + 1 / 2 + 0) / 3)


def test_rates_of_random_answers_are_those_of_counting():
    rng = np.random.default_rng(0)
    # Nobody shows class 4, which is guessed all the same.
    labels, guesses = rng.integers(0, 4, 200), rng.integers(0, 6, 200)
    weights = rng.uniform(0, 2, 200).astype(np.float32)
    confusion = confusion_matrix(jnp.array(labels), jnp.array(guesses), 6, weights)
    right, counted = labels == guesses, weights.astype(float)
    counts = [
        [counted[(labels == k) & (guesses == j)].sum() for j in range(6)]
        for k in range(6)
    ]
    np.testing.assert_allclose(confusion, counts, rtol=1e-5)
    recalls = [
        np.average(right[labels == k], weights=counted[labels == k]) for k in range(4)
    ]
    expected = [*recalls, np.nan, np.nan]
    np.testing.assert_allclose(class_recall(confusion), expected, rtol=1e-5)
    np.testing.assert_allclose(
        mean_class_recall(confusion), np.mean(recalls), rtol=1e-5
    )
    share = np.average(right, weights=counted)
    np.testing.assert_allclose(accuracy(confusion), share, rtol=1e-5)


def test_rates_of_random_decisions_are_those_of_counting():
    rng = np.random.default_rng(1)
    positives, found = rng.uniform(size=(2, 6, 50)) < [[[0.3]], [[0.4]]]
    hits, said = (positives & found).sum(), found.sum()
    expected = [
        np.mean(positives == found),
        hits / said,
        hits / positives.sum(),
        2 * hits / (said + positives.sum()),
    ]
    rates = binary_rates(jnp.array(positives), jnp.array(found))
    np.testing.assert_allclose(as_numbers(rates), expected, rtol=1e-5)


def test_without_rows_there_are_no_rates():
    empty = np.zeros((3, 3))
    for rate in (accuracy(empty), *class_recall(empty), mean_class_recall(empty)):
        assert np.isnan(rate)


def test_rows_of_no_weight_and_of_no_class_count_nowhere():
    labels = jnp.concatenate([LABELS, jnp.array([2, 2, -1, 4, 1])])
    predictions = jnp.concatenate([PREDICTIONS, jnp.array([2, 2, 0, 0, -1])])
    weights = jnp.concatenate([jnp.ones(7), jnp.array([0.0, 0, 1, 1, 1])])
    count = jax.jit(confusion_matrix, static_argnums=2)
    np.testing.assert_array_equal(count(labels, predictions, 4, weights), CONFUSION)


def test_matrices_of_batches_add_up():
    parts = [
        confusion_matrix(LABELS[rows], PREDICTIONS[rows], 4)
        for rows in (slice(0, 4), slice(4, 7))
    ]
    np.testing.assert_array_equal(sum(parts), CONFUSION)


def test_rates_of_finding_positives():
    positives = jnp.array([[1, 1, 1, 0], [0, 0, 0, 0]], bool)
    found = jnp.array([[1, 1, 0, 1], [0, 0, 1, 0]], bool)
    rates = jax.jit(binary_rates)(positives, found)
    expected = [5 / 8, 2 / 4, 2 / 3, 4 / 7]
    np.testing.assert_allclose(as_numbers(rates), expected, rtol=1e-6)
    weights = jnp.array([[1.0, 1, 1, 1], [2, 2, 0, 0]])
    rates = binary_rates(positives, found, weights)
    expected = [6 / 8, 2 / 3, 2 / 3, 2 / 3]
    np.testing.assert_allclose(as_numbers(rates), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("positives", "found", "expected"),
    [
        ([0, 0], [0, 0], [1, np.nan, np.nan, np.nan]),
        ([0, 0], [1, 0], [0.5, 0, np.nan, 0]),
        ([1, 0], [0, 0], [0.5, np.nan, 0, 0]),
    ],
)
def test_shares_of_nothing_are_undefined(positives, found, expected):
    rates = binary_rates(np.array(positives, bool), np.array(found, bool))
    np.testing.assert_array_equal(as_numbers(rates), expected)


@pytest.mark.parametrize("levels", [3, 20, 100_000])
def test_areas_are_those_of_all_pairs(levels):
    rng = np.random.default_rng(levels)
    scores = rng.integers(levels, size=(4, 50)).astype(np.float32)
    positives = rng.uniform(size=(4, 50)) < 0.3
    weights = rng.uniform(size=(4, 50)) * (rng.uniform(size=(4, 50)) < 0.8)
    for used in (np.ones((4, 50)), weights):
        expected = by_pairs(scores.ravel(), positives.ravel(), used.ravel())
        found = area_under_roc(scores, positives, used)
        assert found == pytest.approx(expected, rel=1e-12)
    alike = area_under_roc(scores, positives, np.ones((4, 50)))
    assert area_under_roc(jnp.asarray(scores), jnp.asarray(positives)) == alike


def test_areas_of_known_size():
    positives = np.array([False, False, True, True])
    assert area_under_roc(np.array([1.0, 2, 3, np.inf]), positives) == 1
    assert area_under_roc(np.array([3.0, 4, 1, 2]), positives) == 0
    assert area_under_roc(np.zeros(4), positives) == 0.5
    assert area_under_roc(np.array([1.0, 3, 3, 2]), positives) == 2.5 / 4
    assert np.isnan(area_under_roc(np.zeros(4), np.ones(4, bool)))
    assert np.isnan(area_under_roc(np.zeros(0), np.zeros(0, bool)))


def test_areas_of_large_sets_are_exact():
    count = 500_000
    positives = np.arange(2 * count) % 2 == 1
    scores = np.arange(2 * count, dtype=np.float32)
    # Positive number k, from 0, is above the negatives 0 to k.
    assert area_under_roc(scores, positives) == count * (count + 1) / 2 / count**2


def test_undefined_scores_are_refused_where_they_count():
    scores, positives = np.array([1.0, np.nan, 2.0]), np.array([False, True, True])
    with pytest.raises(ValueError, match="scores: expected numbers, got NaN in 1"):
        area_under_roc(scores, positives)
    assert area_under_roc(scores, positives, np.array([1.0, 0.0, 1.0])) == 1


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"predictions: expected \[7\], got"):
        confusion_matrix(LABELS, PREDICTIONS[:6], 4)
    with pytest.raises(ValueError, match=r"weights: expected \[7\], got"):
        confusion_matrix(LABELS, PREDICTIONS, 4, jnp.ones((7, 1)))
    two = np.zeros((2, 3), bool)
    with pytest.raises(ValueError, match=r"found: expected \[2, 3\], got"):
        binary_rates(two, two[:, :1])
    with pytest.raises(ValueError, match=r"weights: expected \[2, 3\], got"):
        binary_rates(two, two, np.ones(6))
    with pytest.raises(ValueError, match=r"positives: expected \[2, 3\], got"):
        area_under_roc(np.zeros((2, 3)), two[0])
