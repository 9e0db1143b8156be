import json

import pytest

from face_jax.bench.results import Measurement, conditions, read, write
from face_jax.bench.tables import HEADER, measurement_table, title
from tests.bench.timings import timing


def made():
    """Timings as ``timing`` makes them, of a busy round and two quiet ones."""
    cases = (
        timing("decode", [0.5, 1.0, 0.5], "fsrt", 1e9),
        timing("draw", [0.25, 0.5, 0.25], "render"),
    )
    product = timing("matmul", [1.0, 2.0, 1.0], flops=4e9)
    return Measurement(conditions(), None, product, cases)


def test_shares_are_of_the_same_round():
    found = made()
    decode, draw = found.cases
    assert found.matmul_flops(decode) == 2e9 and found.share(decode) == 0.5
    assert found.share(draw) is None
    assert decode.median == 0.5 and decode.spread == 1.0


def test_the_file_keeps_everything(tmp_path):
    path = tmp_path / "below" / "bench.json"
    found = made()
    write(found, path)
    assert read(path) == found and [p.name for p in path.parent.iterdir()] == [
        path.name
    ]
    record = json.loads(path.read_text())
    assert record["format"] == "face_jax bench 1"
    assert {"jax", "jaxlib", "numpy", "python", "face_jax"} <= set(
        record["conditions"]["versions"]
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "bench.json: expected the JSON of a bench"),
        ("[1]", "expected format 'face_jax bench 1', got None"),
        ('{"format": "other"}', "got 'other'"),
        ('{"format": "face_jax bench 1"}', "fields of a bench are wrong"),
        ('{"format": "face_jax bench 1", "cases": [{"name": 1}]}', "fields of a bench"),
    ],
)
def test_other_files_are_told(text, message, tmp_path):
    path = tmp_path / "bench.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read(path)


def test_the_table_has_speed_and_memory():
    table = measurement_table(made())
    matmul, decode, draw = table.rows
    assert tuple(table.header) == HEADER
    assert decode[0] == "fsrt: decode" and matmul[0] == "matmul"
    assert decode[1:] == [500.0, 100.0, 1000.0, 1.0, 2.0, 50.0, 3.0, None, 0.5]
    assert draw[4:7] == [None, None, None] and matmul[6] == 100.0
    assert "3 rounds; matmul: 4 GFLOP/s" in title(made())


def test_runs_compare_by_their_own_products():
    """A machine half as fast makes nothing slower; a case of half the cost is told."""
    before = made()
    cases = (
        timing("decode", [1.0, 1.0, 1.0], "fsrt", 1e9),
        timing("draw", [0.25, 0.25, 0.25], "render"),
        timing("new", [1.0, 1.0, 1.0], "render"),
    )
    now = Measurement(conditions(), None, timing("matmul", [2.0] * 3, flops=4e9), cases)
    table = measurement_table(now, before)
    assert table.header[-1] == "times faster"
    assert [row[-1] for row in table.rows] == [None, 1.0, 2.0, None]


def test_products_of_other_sizes_compare_too():
    before, cases = made(), (timing("draw", [0.25] * 3, "render"),)
    small = timing("matmul", [0.5] * 3, flops=2e9)
    table = measurement_table(Measurement(conditions(), None, small, cases), before)
    assert table.rows[1][-1] == 1.0
