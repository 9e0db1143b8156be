import numpy as np
import pytest

from data_pipelines.sources.records import decode_picture
from face_jax.fitting.comparison import (
    EVERYTHING,
    INSIDE_ALONE,
    POSE_ALONE,
    Fit,
    comparison_table,
)
from face_jax.fitting.pictures import error_curves, progress_sheet

SIZE, REPORTS = 32, 9


def fit(end):
    """A fit of two heads whose errors fall from 20 degrees and 10 % to a share."""
    share = np.linspace(1, end, REPORTS)[:, None]
    grey = np.linspace(0, 1, REPORTS, dtype=np.float32)[:, None, None, None]
    return Fit(
        steps=np.arange(REPORTS) * 25,
        pose_degrees=share * [20.0, 10.0],
        vertex_errors=share * [0.1, 0.06],
        expression_errors=share * [0.02, 0.04],
        losses=np.zeros((200, 2)),
        pictures=np.broadcast_to(grey, (REPORTS, SIZE, SIZE, 3)),
        final=None,
    )


@pytest.fixture
def fits():
    return {POSE_ALONE: fit(0.8), INSIDE_ALONE: fit(0.5), EVERYTHING: fit(0.1)}


def test_the_table_has_the_start_and_the_end_of_each_fit(fits):
    table = comparison_table(fits)
    assert table.title == "Fits of 2 pictures: errors against the truth"
    assert [row[0] for row in table.rows] == ["start", *fits]
    assert table.rows[table.emphasized][0] == EVERYTHING
    # Mean and worst pose, mean and worst vertices, mean expression.
    start = np.array([15, 20, 8, 10, 3])
    for row, share in zip(table.rows, (1, 0.8, 0.5, 0.1), strict=True):
        np.testing.assert_allclose(row[1:], share * start, rtol=1e-9)


def test_the_sheet_goes_from_the_start_to_the_target(fits):
    """Each row shows the reports 0, 1, 3, 5, 8 and the target, four times as large."""
    target = np.zeros((SIZE, SIZE, 3), np.float32)
    target[..., 0] = 1.0
    sheet = progress_sheet(target, fits)
    assert sheet.dtype == np.uint8

    def pixels(color):
        return (sheet == np.uint8(color)).all(-1).sum()

    one_each = 3 * (4 * SIZE) ** 2
    assert pixels([255, 0, 0]) == one_each
    for report in (0, 1, 3, 5, 8):
        assert pixels([round(255 * report / (REPORTS - 1))] * 3) >= one_each
    assert pixels([round(255 * 4 / (REPORTS - 1))] * 3) < one_each


def test_curves_are_a_picture(fits):
    image = decode_picture(error_curves(fits))
    assert image.shape[0] > 100 and image.shape[1] > 100
    assert image.std() > 5
