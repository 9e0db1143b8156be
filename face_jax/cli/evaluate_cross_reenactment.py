"""``face-jax evaluate cross-reenactment``: FSRT drives people by clips of others."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from face_jax.cli.driving_flags import add_clips, add_judges
from face_jax.cli.run_flags import add_run

if TYPE_CHECKING:
    from face_jax.cli.driving_data import DrivingClip
    from face_jax.cli.driving_pairs import SourcePicture
    from face_jax.fsrt.driven_clips import Driven

DESCRIPTION = """\
Drives people by clips of others. What should come out nobody knows, so there are no errors
of pixels: what is told is measured in the faces of both sides, by the models and finders
that are given, and shown in pictures.

Pairs come from a list, or every source is driven by every clip."""
EPILOG = """examples:
  # a list: {"cross_reenactment": {"pairs": [["anna.jpg", "talk.mp4"]]}}
  face-jax evaluate cross-reenactment --checkpoint runs/vox --data list.json --out report

  face-jax evaluate cross-reenactment --checkpoint runs/vox --source anna.jpg ben.jpg \\
      --data talk.mp4 --out report
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_run(parser)
    parser.add_argument(
        "--data",
        required=True,
        nargs="+",
        type=Path,
        metavar="PATH",
        help="driving clips and folders of them, or a list of pairs",
    )
    parser.add_argument(
        "--source",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="pictures, or clips of which the first frame is taken, a person each",
    )
    parser.add_argument(
        "--mode",
        choices=("absolute", "relative"),
        default="relative",
        help="the driver's pose and expression as they are, or how they change from the "
        "frame that is most like the source (default: relative)",
    )
    add_clips(parser)
    add_judges(parser)


def main(args: argparse.Namespace) -> int:
    """Evaluates and writes the report; returns the exit status.

    Raises:
      FileNotFoundError: no such checkpoint or data.
      ValueError: no pair can be used, or flags that do not fit.
    """
    from face_jax.cli.console import log_to_console
    from face_jax.cli.driven_run import drive_all, open_run
    from face_jax.cli.driving_flags import check_clips, look_of
    from face_jax.cli.driving_pairs import find_pairs
    from face_jax.cli.outputs import check_folder
    from face_jax.fsrt.cross_reenactment import MODES
    from face_jax.fsrt.driven_clips import drive_other

    log_to_console()
    check_folder(args.out)
    check_clips(args)
    look = look_of(args)
    pairs = find_pairs(args.data, args.source, args.landmarks, look, args.split)
    run, batch = open_run(args, "cross-reenactment", look)
    model = run.model

    def drive(source: "SourcePicture", driving: "DrivingClip") -> "Driven":
        clip, numbers = driving.read(model.image_size, args.frames)
        person = source.read(model.image_size)
        return drive_other(model, clip, numbers, person, MODES[args.mode], batch)

    given = [
        (f"{source.name} driven by {clip.name}", partial(drive, source, clip))
        for source, clip in pairs
    ]
    return drive_all(run, given)
