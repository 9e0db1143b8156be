import numpy as np
import pytest

from face_jax.fsrt.cross_reenactment import SourceSwaps
from face_jax.fsrt.evaluation import ABLATIONS, METHODS, HoldOut, Report
from face_jax.fsrt.scores import WHOLE
from face_jax.fsrt.summary import (
    ablation_table,
    method_table,
    overview_table,
    swap_table,
)


def scores(psnr):
    both = {"psnr": psnr, "ssim": psnr / 100, "l1": 1 / psnr}
    return {WHOLE: both, "mouth": {key: value / 2 for key, value in both.items()}}


def hold_out(first):
    return HoldOut(
        indices=np.arange(3),
        methods={key: scores(first + i) for i, key in enumerate(METHODS)},
        ablations={key: scores(first) for key in ABLATIONS if key != "swapped_source"},
        result=np.zeros((3, 8, 8, 3), np.uint8),
        nearest=np.zeros((3, 8, 8, 3), np.uint8),
    )


@pytest.fixture
def report():
    return Report(
        "lp", (0,), 40, {"tail": hold_out(20.0), "every_fifth": hold_out(30.0)}
    )


def test_method_table_has_every_hold_out_and_region(report):
    table = method_table(report)
    assert list(table.header)[1:] == [
        "last 20 %: whole",
        "last 20 %: mouth",
        "every 5th: whole",
        "every 5th: mouth",
    ]
    assert table.rows[0] == ["copy the source frame", 20.0, 10.0, 30.0, 15.0]
    assert table.rows[table.emphasized][0] == METHODS["model"]
    assert method_table(report, "ssim").rows[1][1] == pytest.approx(0.21)


def test_ablation_table_leaves_out_what_was_not_tried(report):
    table = ablation_table(report)
    assert len(table.rows) == len(ABLATIONS)
    assert table.rows[0] == ["FSRT", 24.0, None, 34.0, None]
    assert table.rows[1] == ["driving frames shuffled in time", 20.0, 4.0, 30.0, 4.0]


def test_overview_and_swap_tables(report):
    assert overview_table([report]).rows == [["lp", 20.0, 21.0, 22.0, 23.0, 24.0, 4.0]]
    swaps = SourceSwaps(["a", "b"], np.array([[30.0, 25.0], [20.0, 21.0]]))
    assert swap_table(swaps).rows == [["a", 30.0, 25.0, 5.0], ["b", 20.0, 21.0, 1.0]]
