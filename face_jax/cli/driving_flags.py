"""Flags of evaluations that drive faces by clips."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from face_jax.cli.finder_flags import add_finder, finder_opener
from face_jax.cli.run_flags import add_batch, add_split

if TYPE_CHECKING:
    from face_jax.cli.driving_data import Look
    from face_jax.cli.judges import Judges

JUDGES = {
    "smirk": "a SMIRK run: expressions and poses of heads (aed_exp, apd)",
    "identity": "`face-jax convert mica`: who is seen (csim, aed_id)",
    "lpips_alex": "`face-jax convert lpips_alex`: LPIPS by AlexNet",
    "lpips_vgg16": "`face-jax convert lpips_vgg16`: LPIPS by VGG-16",
    "inception": "`face-jax convert inception`: FID, of the frames of all clips together",
}
"""Networks of the user's own, by their arguments, and what they tell."""
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
    add_split(parser)
    parser.add_argument(
        "--frames",
        type=int,
        metavar="N",
        help="at most so many frames of each clip, evenly spread (default: all)",
    )
    add_batch(parser, "frames")


def check_clips(args: argparse.Namespace) -> None:
    """Refuses numbers out of their ranges.

    Raises:
      ValueError: names the flag.
    """
    from face_jax.cli.outputs import check_number

    check_number("--batch", args.batch, 1, 4096)
    if args.frames is not None:
        check_number("--frames", args.frames, 2, 10_000_000)


def look_of(args: argparse.Namespace) -> "Look":
    """How faces are looked for in files.

    Raises:
      FileNotFoundError: there is no model of a finder.
      ValueError: flags of the finder that do not fit together.
    """
    from face_jax.cli.driving_data import Look
    from face_jax.cli.faces import CropRule

    return Look(CropRule(args.crop), finder_opener(args)(args.face))


def add_judges(parser: argparse.ArgumentParser) -> None:
    """Declares the user's own networks that look at results."""
    group = parser.add_argument_group(
        "judges", "What a missing one would have told is left out, with the reason."
    )
    add_finder(group)
    for name, purpose in JUDGES.items():
        flag = f"--{name.replace('_', '-')}"
        group.add_argument(flag, type=Path, metavar="DIR", help=purpose)


def judges_of(args: argparse.Namespace, look: "Look") -> "Judges":
    """The networks that were given.

    Raises:
      FileNotFoundError: there is no such checkpoint.
      ValueError: a checkpoint holds other networks, or there are two of LPIPS.
    """
    from face_jax.cli.judges import (
        Judges,
        identity_judge,
        inception_judge,
        lpips_judge,
    )
    from face_jax.smirk import model as smirk

    if args.lpips_alex and args.lpips_vgg16:
        raise ValueError("--lpips-alex, --lpips-vgg16: expected one of them, got both")
    lpips = None
    for name in ("lpips_alex", "lpips_vgg16"):
        if (folder := getattr(args, name)) is not None:
            lpips = lpips_judge(folder, name)
    return Judges(
        detector=None if look.finder is None else look.finder.detector,
        smirk=None if args.smirk is None else smirk.load(args.smirk),
        identity=None if args.identity is None else identity_judge(args.identity),
        lpips=lpips,
        inception=None if args.inception is None else inception_judge(args.inception),
    )
