"""Planned cases as tables, sentences and a file."""

import json

import pytest

from face_jax.bench.plan_tables import (
    HEADER,
    NOTE,
    QUICK_NOTE,
    notes,
    plan_table,
    print_plans,
    write_plans,
)
from face_jax.bench.planning import CasePlan
from face_jax.train.chip_costs import Costs
from face_jax.train.topologies import CHIPS, Topology


def plan(generation="v5e", costs=True, loops=0, pictures=8, flops=98.5e9, quick=False):
    """A second of a v5e's memory, half a second of its arithmetic."""
    chip = CHIPS[generation]
    found = Costs(98.5e12, 819e9, (), loops) if costs else None
    return CasePlan(
        topology=Topology(f"{generation}:2x2", [], chip, "libtpu 1.2", exact=True),
        chips=1,
        flops=flops,
        memory_bytes=2**30 if costs else 20.5 * 2**30,
        fits=costs,
        costs=found,
        compile_seconds=3.0,
        name="decode",
        group="fsrt",
        pictures=pictures,
        quick=quick,
    )


def test_a_row_holds_what_a_chip_does():
    table = plan_table([plan()])
    (row,) = table.rows
    assert dict(zip(HEADER, row, strict=True)) == {
        "": "fsrt: decode",
        "ms at least": 1000.0,
        "bound by": "memory",
        "pictures/s at most": 8,
        "GFLOP": 98.5,
        "of bf16 peak at most, %": pytest.approx(0.05),
        "moved, MB": 819e3,
        "needed, MiB": 1024.0,
        "compile, s": 3.0,
    }
    assert table.title.startswith(
        "One TPU v5 lite (v5e), 197 TFLOP/s in bfloat16, 819 "
    )
    assert "16 GiB; compiled by libtpu 1.2 from JAX" in table.title


def test_cells_of_what_there_is_not_are_empty():
    (row,) = plan_table([plan(pictures=None, flops=0.0)]).rows
    assert row[3:6] == [None] * 3
    (row,) = plan_table([plan(costs=False)]).rows
    assert row[1:4] == [None] * 3 and row[6] is None and row[7] == 20.5 * 1024


def test_what_a_row_does_not_tell_is_a_sentence():
    assert notes(plan()) == []
    assert notes(plan(costs=False)) == [
        "fsrt: decode: does not fit; it needs 20.5 GiB of 16"
    ]
    assert notes(plan(loops=2)) == [
        "fsrt: decode: loops whose length depends on the data, 2 of them, are counted once"
    ]


def test_every_chip_has_a_table(capsys):
    print_plans([plan("v5e", loops=1), plan("v6e"), plan("v5e", costs=False)])
    printed = capsys.readouterr().out
    first, second = printed.split("One TPU v6 lite")
    assert first.count("| fsrt: decode ") == 2 and second.count("| fsrt: decode ") == 1
    assert "- fsrt: decode: loops whose length" in first and "does not fit" in first
    assert NOTE in second and QUICK_NOTE not in printed
    print_plans([plan("v5e", quick=True)])
    assert QUICK_NOTE in capsys.readouterr().out


def test_the_file_keeps_everything(tmp_path):
    path = tmp_path / "below" / "plan.json"
    write_plans([plan("v5e", loops=1), plan("v6e", costs=False)], path)
    found = json.loads(path.read_text())
    assert found["format"] == "face_jax bench plan 1" and "jax" in found["versions"]
    fits, large = found["cases"]
    assert (
        fits["chip"]["kind"] == "TPU v5 lite" and fits["chip"]["memory_bytes"] == 2**34
    )
    assert (fits["group"], fits["name"], fits["pictures"]) == ("fsrt", "decode", 8)
    assert (fits["seconds"], fits["bound"], fits["pictures_per_second"]) == (
        1.0,
        "memory",
        8.0,
    )
    assert (fits["flops"], fits["chip_flops"], fits["traffic_bytes"]) == (
        98.5e9,
        98.5e12,
        819e9,
    )
    assert fits["unknown_loops"] == 1 and fits["fits"] is True
    assert fits["quick"] is False
    assert large["chip"]["kind"] == "TPU v6 lite" and large["fits"] is False
    assert large["memory_bytes"] == 20.5 * 2**30
    assert large["seconds"] is large["chip_flops"] is large["unknown_loops"] is None
