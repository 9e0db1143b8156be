"""Flags that all evaluations of a training run share."""

import argparse
from pathlib import Path


def add_run(parser: argparse.ArgumentParser) -> None:
    """Declares which run is evaluated, at which step, and where the report goes."""
    add_folders(parser, "work directory of a training run")
    parser.add_argument(
        "--step",
        type=int,
        metavar="N",
        help="checkpoint of this training step (default: the newest)",
    )


def add_folders(parser: argparse.ArgumentParser, checkpoint: str) -> None:
    """Declares what is evaluated and where the report goes.

    Args:
      parser: gets the flags.
      checkpoint: what the first one names.
    """
    parser.add_argument(
        "--checkpoint", required=True, type=Path, metavar="DIR", help=checkpoint
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder for the report"
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
