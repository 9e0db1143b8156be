"""``face-jax evaluate self-reenactment``: FSRT drives clips by themselves."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from face_jax.cli.driving_flags import add_clips, add_judges
from face_jax.cli.run_flags import add_run

if TYPE_CHECKING:
    from face_jax.cli.driving_data import DrivingClip
    from face_jax.fsrt.driven_clips import Driven

DESCRIPTION = """\
Drives the person of every clip by the clip itself, so that every frame has a truth: its
own. The source is the clip's first frame with a face, unless --source-frames says others.
Beside the model stands the source picture, copied for every frame. Frames that serve as
sources are not measured.

Clips are cropped once, by the faces of all their frames, where a landmark file lies beside
them or in --landmarks; else the middle square is taken. Data sets of `face-jax prepare`
are taken as they are."""
EPILOG = """examples:
  face-jax evaluate self-reenactment --checkpoint runs/demo --data clips --out report
  face-jax evaluate self-reenactment --checkpoint runs/vox --data data/voxceleb --out report

  # clips by a list: {"self_reenactment": {"clips": ["a.mp4", "b.mp4"]}}
  face-jax evaluate self-reenactment --checkpoint runs/vox --data list.json --out report
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
        help="clips and folders of them; or a folder of `face-jax prepare`, or a list",
    )
    parser.add_argument(
        "--source-frames",
        nargs="+",
        type=int,
        default=[0],
        metavar="N",
        help="pictures of the person: the clip's N-th frames with a face (default: 0)",
    )
    add_clips(parser)
    add_judges(parser)


def main(args: argparse.Namespace) -> int:
    """Evaluates and writes the report; returns the exit status.

    Raises:
      FileNotFoundError: no such checkpoint or data.
      ValueError: no clip can be used, or flags that do not fit.
    """
    from face_jax.cli.console import log_to_console
    from face_jax.cli.driven_run import drive_all, open_run, split_source
    from face_jax.cli.driving_data import find_clips
    from face_jax.cli.driving_flags import check_clips, look_of
    from face_jax.cli.outputs import check_folder
    from face_jax.fsrt.driven_clips import drive_itself

    log_to_console()
    check_folder(args.out)
    check_clips(args)
    look = look_of(args)
    clips = find_clips(args.data, args.landmarks, look, args.split)
    run, batch = open_run(args, "self-reenactment", look)
    model = run.model

    def drive(clip: "DrivingClip") -> "Driven":
        whole, numbers = clip.read(model.image_size, args.frames)
        chosen, others = split_source(whole, args.source_frames)
        source, driving = whole.take(chosen), whole.take(others)
        return drive_itself(model, driving, numbers[others], source, batch)

    return drive_all(run, [(clip.name, partial(drive, clip)) for clip in clips])
