import types

import jax.numpy as jnp

from face_jax.bench.cases import Case
from face_jax.bench.results import read
from face_jax.cli import bench_all
from face_jax.cli.__main__ import main


def part(group, factor=2.0):
    """A word that times one product, larger by a flag."""

    def cases(args):
        return iter([Case("product", jnp.multiply, (args.factor, factor), group)])

    def add_arguments(parser):
        parser.add_argument("--factor", type=float, default=factor)

    return types.SimpleNamespace(cases=cases, add_arguments=add_arguments)


def test_all_parts_are_timed_in_one_run(monkeypatch, tmp_path, capsys):
    parts = [part("fsrt"), part("render")]
    monkeypatch.setattr(bench_all, "modules_with_cases", lambda: parts)
    out = tmp_path / "bench.json"
    flags = ["--rounds", "2", "--matmul", "8", "8", "8", "--out", str(out)]
    assert main(["bench", "all", *flags]) == 0
    printed = capsys.readouterr().out
    assert "| fsrt: product" in printed and "| render: product" in printed
    assert [case.group for case in read(out).cases] == ["fsrt", "render"]
    assert main(["bench", "all", *flags, "--against", str(out)]) == 0
    assert "| times faster |" in capsys.readouterr().out


def test_words_with_cases_are_found():
    names = [module.__name__ for module in bench_all.modules_with_cases()]
    assert "face_jax.cli.bench_render" in names
    assert "face_jax.cli.bench_train" not in names
