"""Flags that say which finder looks for faces, and which of several faces is meant."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from face_jax.cli.outputs import check_number

if TYPE_CHECKING:
    from data_pipelines.landmarks.finders import FaceFinder, FinderSettings
    from data_pipelines.landmarks.following import Choice

FINDERS = ("landmarks", "mediapipe", "yunet")


def add_finder(group, faces: tuple[str, ...] = ("face",)) -> None:
    """Declares the finder and the choice of a face.

    Args:
      group: takes the flags.
      faces: names of the flags that choose a face, without dashes before them.
    """
    group.add_argument(
        "--finder",
        choices=FINDERS,
        default="landmarks",
        help="what tells where faces are: landmark files (landmarks); MediaPipe's face "
        "landmarker, which gives landmarks too (mediapipe); OpenCV's YuNet, which gives "
        "boxes (yunet). Landmark files that are named by themselves count in any case, "
        "those beside the inputs for `landmarks` alone (default: landmarks)",
    )
    group.add_argument(
        "--finder-model",
        type=Path,
        metavar="FILE",
        help="model of the finder: face_landmarker.task, or "
        "face_detection_yunet_2023mar.onnx",
    )
    group.add_argument(
        "--finder-score",
        type=float,
        metavar="X",
        help="least score of faces that count, 0 to 1 (default: 0.5 of mediapipe, 0.6 of "
        "yunet)",
    )
    for name in faces:
        group.add_argument(
            f"--{name}",
            type=_choice,
            default="largest",
            metavar="largest|central|N",
            help="which of several faces a finder shall follow: the largest one of the "
            "first frame, the most central one, or the N-th from the left, from 0 "
            "(default: largest)",
        )


def finder_opener(args: argparse.Namespace) -> "Callable[[Choice], FaceFinder | None]":
    """Reads the model of the finder that was asked for, once.

    Args:
      args: with the flags of ``add_finder``.

    Returns:
      A function from a choice of a face to its finder; to None for landmark files.

    Raises:
      ValueError: flags that do not fit together, the file is no such model, or MediaPipe
        is not installed.
      FileNotFoundError: the model's file does not exist.
    """
    settings = settings_of(args)
    if settings.model is None:
        return _of_landmark_files
    from data_pipelines.landmarks.finders import FaceFinder, build_detector

    try:
        detector = build_detector(settings)
    except ImportError as error:
        raise ValueError(f"--finder {args.finder}: {error}") from error
    return lambda choice: FaceFinder(detector, settings, choice)


def settings_of(args: argparse.Namespace) -> "FinderSettings":
    """The finder that was asked for.

    Args:
      args: with the flags of ``add_finder``.

    Raises:
      ValueError: flags that do not fit together.
    """
    from data_pipelines.landmarks.finders import FinderSettings

    _check(args)
    return FinderSettings(args.finder, args.finder_model, args.finder_score)


def finder_facts(args: argparse.Namespace) -> dict[str, Any]:
    """What a report says of the finder: its name, and the hash of its model.

    Args:
      args: with the flags of ``add_finder``.
    """
    from data_pipelines.landmarks.finders import describe_finder

    return describe_finder(settings_of(args))


def _check(args: argparse.Namespace) -> None:
    """Refuses flags that do not fit together, by their names."""
    from data_pipelines.landmarks.finders import MODEL_SOURCES

    if args.finder in MODEL_SOURCES and args.finder_model is None:
        raise ValueError(
            f"--finder {args.finder} needs --finder-model FILE; "
            f"{MODEL_SOURCES[args.finder]}"
        )
    if args.finder not in MODEL_SOURCES:
        for flag in ("finder_model", "finder_score"):
            if getattr(args, flag) is not None:
                raise ValueError(
                    f"--{flag.replace('_', '-')} belongs to --finder mediapipe or yunet"
                )
    if args.finder_score is not None:
        check_number("--finder-score", args.finder_score, 0, 1)


def _of_landmark_files(choice: "Choice") -> None:
    if choice != "largest":
        raise ValueError(
            f"a landmark file tells of one face, so that {choice!r} chooses nothing; "
            "--finder mediapipe and --finder yunet find several"
        )


def _choice(text: str) -> "Choice":
    if text.isdecimal():
        return int(text)
    if text == "largest":
        return "largest"
    if text == "central":
        return "central"
    raise argparse.ArgumentTypeError(
        f"`largest`, `central` or a number from 0 expected, got {text!r}"
    )
