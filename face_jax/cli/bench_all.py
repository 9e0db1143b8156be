"""``face-jax bench all``: everything that has cases, in one interleaved run."""

import argparse
import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from face_jax.cli.bench_chips import plan_bench
from face_jax.cli.bench_run import add_run_flags, check_run_flags, run_bench

if TYPE_CHECKING:
    from face_jax.bench.cases import Case

DESCRIPTION = """\
Times all networks and the renderer on this machine in one interleaved run, beside a
plain matrix product: one table and one file, which a later run can be compared with.
Each part is timed as its own word times it without flags."""
EPILOG = """examples:
  face-jax bench all --out before.json
  face-jax bench all --against before.json
  face-jax bench all --chips v5e
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_run_flags(parser)


def main(args: argparse.Namespace) -> int:
    """Times and prints a table; returns the exit status.

    Raises:
      ValueError: a number out of its range.
      OSError: ``--out`` cannot be written.
    """
    check_run_flags(args)
    if args.chips:
        return plan_bench(args, all_cases)
    run_bench(args, all_cases(args))
    return 0


def all_cases(args: argparse.Namespace) -> Iterator["Case"]:
    """Cases of all words that have some, each with its flags' defaults.

    Args:
      args: the command line, whose ``--chips`` is that of all.
    """
    for module in modules_with_cases():
        parser = argparse.ArgumentParser()
        module.add_arguments(parser)
        yield from module.cases(
            parser.parse_args([], argparse.Namespace(chips=args.chips))
        )


def modules_with_cases() -> list[Any]:
    """Modules of the words that say what they time."""
    from face_jax.cli.bench import PARTS

    modules = [importlib.import_module(name) for name, _ in PARTS.values()]
    return [module for module in modules if hasattr(module, "cases")]
