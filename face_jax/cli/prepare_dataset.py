"""``face-jax prepare LAYOUT``: records of a data set that its owners gave you."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from face_jax.cli.finder_flags import add_finder, finder_opener, settings_of
from face_jax.cli.outputs import check_folder, check_number

if TYPE_CHECKING:
    from data_pipelines.prepare.finding import Finding
    from face_jax.cli.progress import Progress

DESCRIPTION = """\
Reads a data set in the layout in which its owners distribute it, and stores its pictures
and clips as ArrayRecord files with TFDS metadata, with landmarks, boxes, expressions and
persons where they are known. Data sets whose owners do not divide them are divided by
persons into train, validation and test.

What cannot be used (unreadable, no face, bad landmarks, a duplicate) is left out and
named in the report. Killed at any time, the same command goes on where it was; the bytes
are the same however often that happens.

Writes into --out: frames/ (a TFDS data set), index/, report.json, report.md, and
pictures.png to look at."""
EPILOG = """examples:
  face-jax prepare raf_db --root RAF-DB/basic --out data/raf_db
  face-jax prepare videos --root clips --landmarks landmarks --longest-side 256 --out data/clips
  face-jax prepare videos --root clips --finder mediapipe \\
      --finder-model face_landmarker.task --out data/clips
  face-jax train --config configs/fsrt/vox256.py --workdir runs/vox \\
      --set data.source=prepared_clips --set data.prepared_clips.path=data/clips
"""

WORKERS = 4
"""More than these share a disk badly; also no more than there are cores."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    folder: dict[str, Any] = {"type": Path, "metavar": "DIR"}
    parser.add_argument(
        "--root",
        required=True,
        help="the data set as its owners distribute it",
        **folder,
    )
    parser.add_argument("--out", required=True, help="folder of the records", **folder)
    parser.add_argument(
        "--landmarks",
        help="landmark files (.npz, .npy, .pkl) in folders like those of the pictures, with "
        "MediaPipe's mesh or 68 points (default: beside the pictures, where there are any)",
        **folder,
    )
    parser.add_argument(
        "--landmarks-68", help="files of 68 points beside a mesh", **folder
    )
    add_finder(parser)
    parser.add_argument(
        "--longest-side",
        type=int,
        metavar="N",
        help="shrink larger pictures to it, pixels (default: keep their size)",
    )
    parser.add_argument(
        "--format",
        choices=("jpeg", "png"),
        default="jpeg",
        help="of frames, and of pictures that are shrunk; other pictures keep the bytes of "
        "their files (default: jpeg)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=min(WORKERS, os.cpu_count() or 1),
        metavar="N",
        help="processes; 0 works in this one (default: %(default)s)",
    )


def main(args: argparse.Namespace) -> int:
    """Writes what is missing; returns the exit status.

    Raises:
      ValueError: the data set has another layout, the folder holds something else, or
        nothing can be used.
      OSError: a folder does not exist or cannot be written.
    """
    check_folder(args.out)
    check_number("--workers", args.workers, 0, 256)
    if args.longest_side is not None:
        check_number("--longest-side", args.longest_side, 16, 16384)
    from data_pipelines.prepare.examining import Source
    from data_pipelines.prepare.layouts import LAYOUTS, find_layout
    from data_pipelines.prepare.preparation import Preparation, is_complete, prepare
    from face_jax.cli.prepared_report import write_report

    for folder in (args.root, args.landmarks, args.landmarks_68):
        if folder is not None and not folder.is_dir():
            raise FileNotFoundError(f"{folder}: no such folder")
    finding = _finding(args)
    listing = find_layout(args.word)(args.root)
    preparation = Preparation(
        layout=args.word,
        labels=LAYOUTS[args.word].labels,
        source=Source(args.root, args.landmarks, args.landmarks_68, finding),
        folder=args.out,
        longest_side=args.longest_side,
        picture_format=args.format,
        workers=args.workers,
    )
    complete = is_complete(args.out)
    report = prepare(preparation, listing, _Console())
    if complete:
        print(f"{args.out} is complete, nothing to do")
    print(write_report(args.out, args.word, report))
    return 0


def _finding(args: argparse.Namespace) -> "Finding | None":
    """The finder that was asked for; its model is read, so that no worker has to fail."""
    if finder_opener(args)(args.face) is None:
        return None
    from data_pipelines.prepare.finding import Finding
    from data_pipelines.prepare.preparation import WORK

    if args.finder != "mediapipe":
        raise ValueError(
            f"--finder {args.finder} tells boxes alone, and records need landmarks: "
            "--finder mediapipe"
        )
    return Finding(settings_of(args), args.out / WORK / "found", args.face)


class _Console:
    """A line of progress for each pass."""

    def __init__(self) -> None:
        self._shown: dict[str, Progress] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        from face_jax.cli.progress import Progress

        if what not in self._shown:
            self._shown[what] = Progress(total, what)
        self._shown[what].update(done)
        if done == total:
            self._shown[what].close()
