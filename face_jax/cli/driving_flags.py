"""Flags of evaluations that drive faces by clips."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from face_jax.cli.faces import CropRule

CROPS = ("auto", "face", "moving", "centre")


def add_clips(parser: argparse.ArgumentParser) -> None:
    """Declares which frames of which clips are looked at, and how many at once."""
    parser.add_argument(
        "--landmarks",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="a landmark file for each clip, or a folder of them (default: files of the "
        "same names beside the clips)",
    )
    parser.add_argument(
        "--crop",
        choices=CROPS,
        default="auto",
        help="what is cut out of video files: a square around the face, fixed or moving "
        "with it, or the middle square (default: auto, face where there are landmarks)",
    )
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        default="test",
        help="of a data set of `face-jax prepare` (default: test)",
    )
    parser.add_argument(
        "--frames",
        type=int,
        metavar="N",
        help="at most so many frames of each clip, evenly spread (default: all)",
    )
    parser.add_argument(
        "--batch",
        type=int,
        default=16,
        metavar="N",
        help="frames at once; changes no result (default: 16)",
    )


def check_clips(args: argparse.Namespace) -> None:
    """Refuses numbers out of their ranges.

    Raises:
      ValueError: names the flag.
    """
    from face_jax.cli.outputs import check_number

    check_number("--batch", args.batch, 1, 4096)
    if args.frames is not None:
        check_number("--frames", args.frames, 2, 10_000_000)


def rule_of(args: argparse.Namespace) -> "CropRule":
    """What is cut out of video files."""
    from face_jax.cli.faces import CropRule

    return CropRule(args.crop)
