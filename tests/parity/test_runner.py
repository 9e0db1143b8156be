"""The runner must fail where it should."""

import json

import numpy as np
import pytest

from tests.parity import __main__ as command
from tests.parity.fixture import Check, Fixture

META = {"system": "fsrt", "part": "lr_schedule", "atol": 0, "rtol": 1e-6}
CONFIG = {"peak_lr": 1e-4, "peak_it": 10, "decay_rate": 0.5, "decay_it": 100}


@pytest.fixture
def write(tmp_path):
    def write(name="lr.npz", meta=None, **arrays):
        path = tmp_path / name
        meta = {**META, "config": CONFIG} | (meta or {})
        given = {
            "in/it": np.array([0, 10, 110]),
            "out/lr": np.array([0, 1e-4, 5e-5], np.float32),
        }
        np.savez(path, meta=json.dumps(meta), **(given | arrays))
        return path

    return write


def test_a_right_file_passes(write, capsys):
    assert command.main([str(write())]) == 0
    output = capsys.readouterr().out
    assert "pass" in output
    assert "1 of 1 files pass" in output


def test_a_folder_is_searched_and_one_wrong_number_fails(write, tmp_path, capsys):
    write("good.npz")
    write("bad.npz", **{"out/lr": np.array([0, 1.00001e-4, 5e-5])})
    assert command.main([str(tmp_path)]) == 1
    assert "1 of 2 files pass" in capsys.readouterr().out


def test_an_output_that_is_never_checked_fails(write, capsys):
    assert command.main([str(write(**{"out/other": np.zeros(2)}))]) == 1
    assert "other" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("meta", "reason"),
    [
        ({"part": "nothing"}, "unknown part 'nothing'"),
        ({"system": "nothing"}, "unknown system 'nothing'"),
    ],
)
def test_unknown_parts_fail(write, capsys, meta, reason):
    assert command.main([str(write(meta=meta))]) == 1
    assert reason in capsys.readouterr().out


def test_no_files_fail(tmp_path, capsys):
    assert command.main([str(tmp_path)]) == 1
    assert command.main([str(tmp_path / "absent.npz")]) == 1
    assert "no such file" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("actual", "passed"),
    [([1.0, 2.0], True), ([1.0, 2.3], False), ([np.nan, 2.0], False), ([1.0], False)],
)
def test_checks(actual, passed):
    result = Check("x", actual, np.array([1.0, 2.1]), 0.1 + 1e-9).result()
    assert result.passed is passed
    assert str(result).count("pass" if passed else "FAIL") == 1


def test_relative_bounds_hold_entry_by_entry():
    expected = np.array([1e-6, 1.0])
    assert not Check("x", [2e-6, 1.0], expected, 1e-3 * expected).result().passed


def test_tolerances_are_read_as_they_are_stated(write):
    expected = np.array([2.0, -4.0])
    stated = Fixture(write(meta={"atol": "1e-4 * max|expected| (one net)"}))
    assert stated.atol(expected) == pytest.approx(4e-4)
    pair = Fixture(write(meta={"atol": 1e-6, "rtol": 1e-4}))
    np.testing.assert_allclose(pair.atol(expected), [2.01e-4, 4.01e-4])
    silent = Fixture(write(meta={"atol": None}))
    assert silent.atol(expected, share=1e-3) == pytest.approx(4e-3)
    prose = Fixture(write(meta={"atol": "exact"}))
    with pytest.raises(ValueError, match="exact"):
        prose.atol(expected)


def test_sampled_outputs_are_compared_item_by_item(write):
    full = np.arange(24.0).reshape(2, 3, 4)
    fixture = Fixture(
        write(
            meta={"atol": 0},
            **{
                "out/x": full.reshape(2, 12)[:, [5, 7]],
                "out/x_idx": np.array([5, 7]),
                "out/x_shape": np.array([2, 3, 4]),
                "out/x_sum": full.sum(-1),
                "out/x_absmean": full.mean(),
            },
        )
    )
    checks = list(fixture.compare("x", full, item_axes=1))
    assert [c.name for c in checks] == ["x", "x_shape", "x_sum", "x_absmean"]
    assert all(c.result().passed for c in checks)
