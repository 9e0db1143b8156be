"""Flags that say which pictures and clips, and where their faces are looked for."""

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from face_jax.cli.finder_flags import add_finder

if TYPE_CHECKING:
    from face_jax.cli.face_squares import Corners, CropRule

DESCRIPTION = """\
Where a landmark file (.npz, .npy or .pkl; 68 or 478 points in pixels) of the same name
lies beside a picture or clip, the face is cropped by it; else the middle square is taken.
A --finder looks for faces instead.
"""
"""For the descriptions of commands with these flags."""


def add_inputs(group) -> None:
    """Declares which pictures and clips."""
    group.add_argument(
        "input",
        nargs="+",
        type=Path,
        metavar="INPUT",
        help="pictures, clips, and folders, which are searched with all folders in them",
    )


def add_faces(group, scale: str) -> None:
    """Declares where faces are looked for, and how much they are calmed.

    Args:
      group: takes the flags.
      scale: the default of ``--crop-scale``, in words.
    """
    group.add_argument(
        "--landmarks",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="landmark files of the inputs, in their order, or one folder with files of "
        "the same names (default: files beside the inputs)",
    )
    group.add_argument(
        "--crop",
        choices=("auto", "face", "frame", "centre", "whole"),
        default="auto",
        help="what the model sees: a square around the face that follows it smoothly "
        "(face), or that of each frame by itself, as published (frame), both by "
        "landmarks or a finder; the middle square (centre); the whole picture (whole); "
        "auto is face where there are landmarks or a finder, else centre",
    )
    add_finder(group)
    group.add_argument(
        "--crop-scale",
        type=float,
        metavar="X",
        help="side of the square around a face over that of the face "
        f"(default: {scale})",
    )
    group.add_argument(
        "--box",
        type=_box,
        metavar="X,Y,W,H",
        help="take the square around this box of pixels instead, in every frame",
    )
    group.add_argument(
        "--smoothing",
        type=float,
        default=0.0,
        metavar="X",
        help="temporal filter of clips against trembling: 0 off, 0.25 to 0.5 for most, 1 "
        "strongest (default: 0)",
    )


def crop_rule(args: argparse.Namespace, corners: "Corners", scale: float) -> "CropRule":
    """Where faces are looked for.

    Args:
      args: with the flags of ``add_faces``.
      corners: what the model's squares are.
      scale: side of the square around a face over that of the face, unless
        ``--crop-scale`` says otherwise.

    Raises:
      ValueError: a flag is out of its range.
    """
    from face_jax.cli.face_squares import CropRule

    if args.crop_scale is not None:
        scale = args.crop_scale
    return CropRule(args.crop, scale, args.box, corners)


def _box(text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise argparse.ArgumentTypeError(f"four numbers X,Y,W,H expected, got {text!r}")
    return numbers
