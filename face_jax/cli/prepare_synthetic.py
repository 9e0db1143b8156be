"""``face-jax prepare synthetic``: a data set of rendered faces with exact truth."""

import argparse
from pathlib import Path

from face_jax.cli.outputs import check_folder, check_number

DESCRIPTION = """\
Draws pictures and clips of people who do not exist, with everything that is true of
them: parameters of the head model, camera, 68 and 105 landmarks, masks of the face and
of what hides it, expression and identity.

Nothing is downloaded. The data set is stored as ArrayRecord files with TFDS metadata:
any TFDS user can read it, without TensorFlow. Persons are divided into train,
validation and test. Killed at any time, the same command goes on where it was; the
same settings give the same bytes on the same machine.

Writes into --out: images/, frames/ and clips/ (each a TFDS data set), report.md and
faces.png, occluders.png, clip.png to look at."""
EPILOG = """examples:
  face-jax prepare synthetic --images 2000 --clips 40 --out data/synthetic
  face-jax prepare synthetic --clips 500 --frames 50 --size 64 --out data/clips
  face-jax prepare synthetic --images 500 --head heads/ict.npz --out data/ict
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    # Defaults are those of SyntheticSettings, except where a small start helps.
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder")
    parser.add_argument(
        "--images", type=int, default=0, metavar="N", help="still pictures (default: 0)"
    )
    parser.add_argument(
        "--clips", type=int, default=0, metavar="N", help="clips (default: 0)"
    )
    _add_number(parser, "--frames", 100, "frames of each clip")
    parser.add_argument(
        "--rate",
        type=float,
        default=25.0,
        metavar="N",
        help="frames of a second; a lower rate shows more motion in as many frames "
        "(default: 25)",
    )
    _add_number(parser, "--size", 128, "side of the pictures, pixels")
    _add_number(parser, "--images-per-person", 20, "still pictures of each person")
    _add_number(parser, "--clips-per-person", 2, "clips of each person")
    parser.add_argument(
        "--occluded",
        type=float,
        default=0.4,
        metavar="SHARE",
        help="of the still pictures, how many have something before the face "
        "(default: 0.4)",
    )
    parser.add_argument(
        "--free-expressions",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="of the still pictures, how many show actions put together at random "
        "in the place of an emotion (default: 0)",
    )
    parser.add_argument(
        "--one-look",
        action="store_true",
        help="one skin, hair, clothes and light for all, who differ in the shape of "
        "their heads alone",
    )
    parser.add_argument(
        "--head",
        default="procedural",
        metavar="NAME|FILE",
        help="head model: the built-in `procedural` (default), or a file that "
        "`face-jax prepare head` wrote",
    )
    _add_number(parser, "--seed", 0, "everything random follows from it")
    parser.add_argument(
        "--format",
        choices=("png", "jpeg"),
        default="png",
        help="of the pictures; masks are always png (default: png)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that draw, each on one core of the CPU; 0 draws in this one, on "
        "JAX's device (default: as many as there are cores, up to 8, fewer for few "
        "pictures)",
    )


def main(args: argparse.Namespace) -> int:
    """Generates what is missing; returns the exit status.

    Raises:
      ValueError: a setting is out of its range, the head cannot show expressions, or
        the folder holds another data set.
      OSError: there is no such head model, the folder cannot be written, or a worker
        was killed.
    """
    check_folder(args.out)
    if args.workers is not None:
        check_number("--workers", args.workers, 0, 256)
    from data_pipelines.sources.synthetic_settings import SyntheticSettings
    from face_jax.cli.synthetic_data import generate
    from face_jax.cli.synthetic_report import write_report

    settings = SyntheticSettings(
        images=args.images,
        clips=args.clips,
        num_frames=args.frames,
        frame_rate=args.rate,
        size=args.size,
        images_per_person=args.images_per_person,
        clips_per_person=args.clips_per_person,
        occluded=args.occluded,
        free_expressions=args.free_expressions,
        one_look=args.one_look,
        head=args.head,
        seed=args.seed,
        picture_format=args.format,
    )
    done = generate(args.out, settings, args.workers)
    if done.pictures:
        print(f"{done.pictures} pictures, {done.rate:.1f} pictures/s")
    elif (args.out / "report.md").is_file():
        print(f"{args.out} is complete, nothing to do")
        return 0
    print(f"see {write_report(args.out)}")
    return 0


def _add_number(
    parser: argparse.ArgumentParser, flag: str, default: int, text: str
) -> None:
    parser.add_argument(
        flag,
        type=int,
        default=default,
        metavar="N",
        help=f"{text} (default: {default})",
    )
