"""Rows drawn from all classes alike."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from data_pipelines.items.balance import balanced_labels, balanced_rows

LABELS = np.array([0] * 30 + [-1] * 20 + [3] * 3 + [5])


def test_classes_and_their_rows_are_uniform():
    draws = [
        next(balanced_rows(LABELS, np.random.default_rng(seed))) for seed in range(1800)
    ]
    counts = np.bincount(draws, minlength=len(LABELS))
    classes = [counts[label == LABELS].sum() for label in (-1, 0, 3, 5)]
    # Five standard deviations of 600 and of 200.
    assert classes[0] == 0 and np.abs(np.array(classes[1:]) - 600).max() < 100
    assert np.abs(counts[LABELS == 3] - 200).max() < 70
    assert counts[LABELS == 0].min() > 3


def test_every_labelled_row_is_tried_class_by_class():
    rows = list(balanced_rows(LABELS, np.random.default_rng(0)))
    assert sorted(rows) == np.flatnonzero(LABELS >= 0).tolist()
    assert len(list(itertools.groupby(LABELS[rows]))) == 3


def test_sources_without_labels():
    with pytest.raises(ValueError, match=r"class_balanced: .*SimpleNamespace has none"):
        balanced_labels(SimpleNamespace())
    with pytest.raises(ValueError, match="class_balanced: none of 4 pictures"):
        balanced_labels(SimpleNamespace(labels=np.full(4, -1)))
