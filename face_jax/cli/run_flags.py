"""Flags that commands on configs and on training runs share."""

import argparse
from pathlib import Path

TRAINED_OR_CONVERTED = "work directory of a training, or folder of `face-jax convert`"
"""Names checkpoints of which only the weights matter."""


def add_run(parser: argparse.ArgumentParser) -> None:
    """Declares which run is evaluated, at which step, and where the report goes."""
    add_folders(parser, "work directory of a training run")
    parser.add_argument(
        "--step",
        type=int,
        metavar="N",
        help="checkpoint of this training step (default: the newest)",
    )


def add_config(parser: argparse.ArgumentParser, keys: str) -> None:
    """Declares a config file and changes of it.

    Args:
      parser: gets the flags.
      keys: which keys may be changed, for the help.
    """
    parser.add_argument(
        "--config",
        required=True,
        metavar="FILE[:VARIANT]",
        help="Python config file, such as configs/fsrt/demo.py",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=f"change one value of the config, {keys} (repeatable)",
    )


def add_folders(
    parser: argparse.ArgumentParser, checkpoint: str, out: str = "folder for the report"
) -> None:
    """Declares which checkpoint is looked at and where the results go.

    Args:
      parser: gets the flags.
      checkpoint: what the first one names.
      out: likewise of the second one.
    """
    parser.add_argument(
        "--checkpoint", required=True, type=Path, metavar="DIR", help=checkpoint
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help=out)


def add_prepared(parser: argparse.ArgumentParser, known: str) -> None:
    """Declares which prepared data set is evaluated on, and how many at once.

    Args:
      parser: gets the flags.
      known: what the data set must know of its pictures, for the help.
    """
    parser.add_argument(
        "--data",
        required=True,
        type=Path,
        metavar="DIR",
        help=f"a data set with {known}, of `face-jax prepare`",
    )
    add_split(parser)
    add_batch(parser, "pictures")


def add_split(parser: argparse.ArgumentParser) -> None:
    """Declares which part of a prepared data set is evaluated on."""
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        default="test",
        help="of a data set of `face-jax prepare` (default: test)",
    )


def add_batch(parser: argparse.ArgumentParser, rows: str) -> None:
    """Declares how many rows, such as pictures, are in work at once."""
    parser.add_argument(
        "--batch",
        type=int,
        default=16,
        metavar="N",
        help=f"{rows} at once; changes no result (default: 16)",
    )


def add_people(parser: argparse.ArgumentParser) -> None:
    """Declares which synthetic people a run is evaluated on."""
    parser.add_argument(
        "--people",
        type=int,
        default=25,
        metavar="N",
        help="at most so many persons (default: 25)",
    )
    parser.add_argument(
        "--head",
        metavar="FILE",
        help="head model, for people that were made with another one than the built-in",
    )
