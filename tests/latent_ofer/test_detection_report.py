import json

import numpy as np
import pytest

from face_jax.latent_ofer.detection_report import (
    detector_table,
    kind_comparison,
    kind_table,
    report_detection,
)
from face_jax.tables import to_markdown

SCORES = np.array(
    [[0.1, 0.2, 0.3, 0.9], [0.8, 0.1, 0.6, 0.2], [0.1, 0.3, 0.3, 0.2]], np.float32
)
COVERED = np.array([[0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]], bool)
GROUPS = {name: np.arange(3) == n for n, name in enumerate(("none", "hand", "scarf"))}


def report(title="ours", scores=SCORES):
    return report_detection(title, scores, scores > 0.5, COVERED, GROUPS, 0.5)


def test_kinds_that_occur_have_a_row_and_all_of_them_one():
    rows = report().rows
    assert list(rows) == ["none", "hand", "scarf", "all"]
    assert [row.patches for row in rows.values()] == [4, 4, 4, 12]
    assert [row.covered for row in rows.values()] == [0, 2, 1, 3]


def test_rates_are_those_of_the_pictures_of_a_kind():
    rows = report().rows
    # Of hand: 0.8 is found, 0.1 missed, 0.6 a false alarm.
    np.testing.assert_allclose(rows["hand"].rates(), [0.5, 0.5, 0.5, 0.5, 0.5])
    np.testing.assert_allclose(rows["none"].rates(), [np.nan, 0.75, 0, np.nan, 0])
    expected = [2.5 / 3, 0.75, np.nan, 0, 0]
    np.testing.assert_allclose(rows["scarf"].rates(), expected)
    # Of all: 0.8, 0.1 and 0.3 against nine others.
    expected = [(8 + 1 + 6) / 27, 8 / 12, 1 / 3, 1 / 3, 1 / 3]
    np.testing.assert_allclose(rows["all"].rates(), expected, rtol=1e-6)


def test_without_a_finding_there_is_no_precision():
    nothing = np.zeros_like(COVERED)
    rows = report_detection("ours", SCORES, nothing, COVERED, GROUPS, 0.5).rows
    assert np.isnan(rows["all"].precision)
    assert rows["all"].area_under_roc == report().rows["all"].area_under_roc


def test_numbers_are_json_without_undefined_ones():
    numbers = json.loads(json.dumps(report().as_dict(), allow_nan=False))
    assert numbers["threshold"] == 0.5
    assert numbers["rows"]["none"]["recall"] is None
    assert numbers["rows"]["all"]["patches"] == 12
    assert numbers["rows"]["hand"]["area_under_roc"] == 0.5


def test_tables_are_in_percent():
    lines = to_markdown(kind_table(report())).splitlines()
    cells = [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in lines[2:]]
    assert lines[0] == "ours: covered patches found, rates in %"
    assert cells[0][1:] == [
        *("patches", "covered", "AUROC"),
        *("accuracy", "precision", "recall", "F1"),
    ]
    assert cells[2] == ["none", "4", "0", "-", "75.00", "0.00", "-", "0.00"]
    assert cells[-1][:4] == ["all", "12", "3", "55.56"]


def test_detectors_stand_side_by_side():
    reports = [report("plain", -SCORES), report()]
    overall = detector_table(reports)
    assert [row[0] for row in overall.rows] == ["plain", "ours"]
    assert overall.rows[1][1:] == [
        100 * rate for rate in reports[1].rows["all"].rates()
    ]
    assert overall.emphasized == 1
    kinds = kind_comparison(reports)
    assert kinds.header == ("", "plain", "ours")
    assert kinds.rows[1] == ["hand", 50.0, 50.0]
    assert kinds.rows[-1][1] == pytest.approx(100 - kinds.rows[-1][2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": SCORES[0]}, r"scores: expected \[n, L\], got"),
        ({"covered": COVERED[:, :3]}, r"covered: expected \[3, 4\], got"),
        ({"found": COVERED[:2]}, r"found: expected \[3, 4\], got"),
        ({"groups": {"cup": GROUPS["hand"][:2]}}, r"groups: cup: expected \[3\], got"),
        ({"scores": SCORES * np.nan}, "scores: expected numbers, got NaN in"),
        (
            {"scores": SCORES[:0], "found": COVERED[:0], "covered": COVERED[:0]},
            "scores: expected those of a picture or more, got none",
        ),
    ],
)
def test_other_arrays_are_refused(change, message):
    given = {"scores": SCORES, "found": COVERED, "covered": COVERED, "groups": GROUPS}
    with pytest.raises(ValueError, match=message):
        report_detection("ours", threshold=0.5, **{**given, **change})
