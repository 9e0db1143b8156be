import json

import numpy as np
import pytest

from face_jax.latent_ofer.recognition_report import (
    confusion_table,
    recognition_summary,
    recognition_table,
    report_recognition,
)

CLASSES = ("calm", "glad", "sad")
LABELS = np.array([0, 0, 0, 1, 2, 7])
ROWS = {
    "seen kinds": np.array([1, 1, 1, 1, 0, 0], bool),
    "uncovered": np.array([0, 0, 0, 0, 1, 1], bool),
    "unseen kinds": np.array([0, 0, 0, 0, 0, 1], bool),
}


def certain(classes):
    return np.eye(3, dtype=np.float32)[classes]


FOUND = {4: certain([0, 0, 1, 1, 0, 0]), 9: certain([0, 0, 0, 0, 2, 0])}


def report(title="ours", found=FOUND):
    return report_recognition(title, found, LABELS, ROWS, CLASSES)


def test_rates_of_every_training():
    seen = report().rows["seen kinds"]
    np.testing.assert_allclose(seen.accuracy, [3 / 4, 3 / 4])
    # Of calm two of three and three of three, of glad one of one and none.
    np.testing.assert_allclose(seen.mean_class_recall, [5 / 6, 1 / 2])
    assert seen.confusion.tolist() == [[5, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_pictures_without_a_class_count_nowhere():
    rows = report().rows
    assert list(rows) == ["seen kinds", "uncovered"]
    assert rows["uncovered"].pictures == 1


def test_tables_have_mean_and_spread_over_seeds():
    reports = [report("alone", {4: FOUND[4]}), report()]
    summary = recognition_summary(reports)
    assert summary.header[1:] == (
        "seeds",
        "accuracy, seen kinds",
        "accuracy, uncovered",
        "mean class recall, seen kinds",
        "mean class recall, uncovered",
    )
    assert summary.rows[0][:4] == ["alone", 1, 75.0, 0.0]
    spread = np.std([0, 100], ddof=1)
    assert summary.rows[1][3] == f"50.00 ± {spread:.2f}"
    table = recognition_table(reports, "mean_class_recall")
    assert table.header == ("", "pictures", "alone", "ours")
    assert table.rows[0][:2] == ["seen kinds", 4]
    assert table.rows[0][2] == pytest.approx(500 / 6)


def test_confusion_is_in_percent_of_true_classes():
    table = confusion_table(report(), "seen kinds")
    assert table.rows[1] == ["glad", 2, 50.0, 50.0, 0.0]
    assert table.rows[2] == ["sad", 0, None, None, None]


def test_numbers_are_json():
    found = json.loads(
        json.dumps(report("x", {4: FOUND[4]}).as_dict(), allow_nan=False)
    )
    row = found["rows"]["seen kinds"]
    assert row["accuracy"] == {"mean": 0.75, "spread": None, "each": [0.75]}
    assert found["seeds"] == [4] and found["classes"] == list(CLASSES)


def test_other_probabilities_are_refused():
    with pytest.raises(ValueError, match=r"of ours, seed 4: expected \[6, 3\], got"):
        report(found={4: FOUND[4][:5]})
