"""``face-jax bench ... --chips``: tables, file, and what it refuses before compiling."""

import argparse
import json
import logging
import re
import types

import pytest

from face_jax.bench.cases import matmul
from face_jax.cli import bench_all, bench_fsrt, bench_render
from face_jax.cli.__main__ import main
from face_jax.cli.bench_chips import plan_bench
from face_jax.fsrt.decoding import CPU_QUERIES_PER_TILE, QUERIES_PER_TILE
from face_jax.heads import library
from face_jax.train import topologies
from tests.heads.tiny_head import full_head
from tests.train.chips import needs_compiler

CHIPS = ["--chips", "v5e"]


@pytest.fixture
def emulated(monkeypatch):
    monkeypatch.setattr(topologies, "has_compiler", lambda: False)


@pytest.fixture
def compiler(monkeypatch):
    """As if it were installed, for what is refused in spite of it."""
    monkeypatch.setattr(topologies, "has_compiler", lambda: True)


@pytest.mark.parametrize("word", ["all", "fsrt", "smirk", "latent-ofer", "render"])
def test_without_the_compiler_it_is_told_what_to_install(word, emulated, capsys):
    assert main(["bench", word, *CHIPS]) == 2
    told = capsys.readouterr().err
    assert told.startswith("face-jax bench: error: --chips: expected libtpu")
    assert "pip install 'face-jax[plan]'" in told and told.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--against", "{folder}/file"], "--against: cannot go with --chips"),
        (["--growth", "{folder}/a.svg"], "--growth: cannot go with --chips"),
        (["--matmul", "8", "8", "8"], "--matmul: cannot go with --chips"),
        (["--rounds", "5"], "--rounds: cannot go with --chips"),
        (["--sides", "0"], "--sides: expected 1 to 4096, got 0"),
        (["--out", "{folder}"], "expected a file to write, got a folder"),
        (["--chips", "v9"], "chip 'v9': expected one of v4, v5e, v5p, v6e"),
        (["--chips", "v5e:2x2"], "chip 'v5e:2x2': expected one of v4, v5e, v5p, v6e"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_compiled(
    flags, message, compiler, tmp_path, capsys
):
    flags = [flag.format(folder=tmp_path) for flag in flags]
    assert main(["bench", "fsrt", "--small", *CHIPS, *flags]) == 2
    told = capsys.readouterr().err
    assert message in told and told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_effort_is_for_chips_alone(capsys):
    assert main(["bench", "fsrt", "--small", "--thorough"]) == 2
    assert "--thorough: goes with --chips alone" in capsys.readouterr().err


@needs_compiler
def test_tables_and_file_of_all_parts(monkeypatch, tmp_path, capsys, caplog):
    def add_arguments(parser):
        parser.add_argument("--rows", type=int, default=8)

    def cases(args):
        assert args.chips == ["v5e", "v6e"]
        yield matmul((args.rows, 16, 32))

    part = types.SimpleNamespace(cases=cases, add_arguments=add_arguments)
    monkeypatch.setattr(bench_all, "modules_with_cases", lambda: [part])
    out = tmp_path / "made" / "plan.json"
    flags = ["--chips", "v5e", "v6e", "--out", str(out)]
    with caplog.at_level(logging.INFO, "face_jax"):
        assert main(["bench", "all", *flags]) == 0
    printed = capsys.readouterr().out
    assert printed.count("| matmul 8 x 16 x 32, float32 ") == 2
    assert "One TPU v5 lite (v5e)" in printed and "One TPU v6 lite (v6e)" in printed
    plans = json.loads(out.read_text())["cases"]
    assert [plan["flops"] for plan in plans] == 2 * [2 * 8 * 16 * 32]
    assert [plan["chip"]["kind"] for plan in plans] == ["TPU v5 lite", "TPU v6 lite"]
    assert all(plan["fits"] and plan["seconds"] > 0 for plan in plans)
    told = (
        r"matmul 8 x 16 x 32, float32: compiled for TPU v5 lite in .* s, .* ms at least"
    )
    assert re.search(told, caplog.text)
    # It holds no times: a measurement cannot be compared with it.
    assert main(["bench", "all", "--against", str(out)]) == 2
    assert "got 'face_jax bench plan 1'" in capsys.readouterr().err


def test_what_was_found_is_kept_where_a_later_case_fails(emulated, tmp_path):
    def cases(args):
        yield matmul((8, 16, 32))
        raise ValueError("of the next case")

    out = tmp_path / "plan.json"
    args = argparse.Namespace(chips=["v5e"], thorough=False, out=out)
    with pytest.raises(ValueError, match="of the next case"):
        plan_bench(args, cases)
    (plan,) = json.loads(out.read_text())["cases"]
    assert plan["flops"] == 2 * 8 * 16 * 32 and plan["seconds"] is None


@needs_compiler
def test_a_network_is_planned(capsys):
    flags = ["--small", "--parts", "decode", "--sides", "64", "--no-plain"]
    assert main(["bench", "fsrt", *flags, "--dtype", "bfloat16", *CHIPS]) == 0
    printed = capsys.readouterr().out
    assert (
        printed.count("| fsrt: decode, 4096 queries ") == 1 and "plain" not in printed
    )


@pytest.mark.parametrize(
    ("flags", "queries"), [(CHIPS, QUERIES_PER_TILE), ([], CPU_QUERIES_PER_TILE)]
)
def test_pictures_are_decoded_in_tiles_of_the_chip(flags, queries):
    parser = argparse.ArgumentParser()
    bench_fsrt.add_arguments(parser)
    given = ["--small", "--parts", "decode", "--sides", "8", "--frames", "2", *flags]
    decode = next(bench_fsrt.cases(parser.parse_args(given)))
    assert decode.function.keywords["pixels"] == queries // 2 and decode.pictures == 2


def test_heads_are_planned_as_many_at_a_time_as_told(monkeypatch):
    """One at a time is there to be compared with the oracle, in times."""
    monkeypatch.setattr(library, "head", lambda name: full_head())
    parser = argparse.ArgumentParser()
    bench_render.add_arguments(parser)

    def batches(flags):
        args = parser.parse_args(["--size", "8", "--batches", "2", *flags])
        return {case.pictures for case in bench_render.cases(args)}

    assert batches(CHIPS) == {2} and batches([]) == {1, 2}
