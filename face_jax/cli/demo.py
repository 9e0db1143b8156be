"""``face-jax demo``: from a clip to a page that shows a trained model."""

import argparse
import logging
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from ml_collections import ConfigDict

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.video import VideoWriter, probe
from face_jax.cli.console import log_to_console
from face_jax.cli.demo_report import write_page, write_video
from face_jax.cli.demo_settings import demo_config, set_length, use_source
from face_jax.cli.held_out_report import write_results
from face_jax.cli.outputs import check_folder
from face_jax.cli.runs import train
from face_jax.cli.subjects import read_subjects
from face_jax.cli.synthetic_data import ensure
from face_jax.fsrt import inference
from face_jax.fsrt.evaluation import check_split
from face_jax.fsrt.suite import Subject, evaluate
from face_jax.fsrt.summary import method_table
from face_jax.tables import to_markdown

DESCRIPTION = """\
Trains a small FSRT model on one clip and shows what it learned.

Without --clip it takes a person of its own making, rendered on the spot, so that
nothing needs to be downloaded.
With --clip it takes a video of yours: one person, a few seconds to a few minutes of
talking and moving, the face large in the picture. Where a landmark file (.npz or .npy)
is given or lies beside the clip, the face is cropped by it and its points drive the
model; without one the middle square is taken and the model learns its own keypoints.

Writes into --out: index.html (open it; it holds everything and may be moved alone),
reenactment.mp4, report.md, report.json, and run/ with the checkpoints. Ctrl-C saves
and leaves; the same command goes on where it stopped."""
EPILOG = """examples:
  face-jax demo
  face-jax demo --clip me.mp4 --landmarks me.npz --out me --minutes 15
"""

BUILT_IN_RATE = Fraction(25)
"""Frames per second of the built-in clip."""
KEYPOINTS = {
    "landmarks": "ten points of the landmark file",
    "learned": "found by a detector that was trained along",
    "published": "found by the published detector",
}
"""How the page calls the sources of keypoints."""
MEASURED_FRAMES = 100
"""Most frames of a hold-out that are measured, so that long clips do not take long."""
INTERRUPTED = 130

log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    parser.add_argument(
        "--clip",
        type=Path,
        metavar="VIDEO",
        help="your clip (default: a built-in person)",
    )
    parser.add_argument(
        "--landmarks",
        type=Path,
        metavar="FILE",
        help="landmarks of the clip (default: a file of its name beside it, if any)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("demo"),
        metavar="DIR",
        help="folder for everything that is written (default: demo)",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=6.0,
        metavar="N",
        help="how long to train; more is better (default: 6)",
    )
    parser.add_argument(
        "--size",
        type=int,
        metavar="PIXELS",
        help="side of the pictures, a multiple of 32; twice the side needs about four "
        "times as long (default: that of the config, 64)",
    )
    parser.add_argument(
        "--config",
        default="configs/fsrt/demo.py",
        metavar="FILE[:VARIANT]",
        help="training settings (default: configs/fsrt/demo.py)",
    )


def main(args: argparse.Namespace) -> int:
    """Trains, measures and writes the page; returns the exit status.

    Raises:
      FileNotFoundError: no such clip or landmark file.
      ValueError: a clip that is too short or has no face, or a folder that belongs to
        another demo.
      NotADirectoryError: the page cannot go where it shall.
    """
    log_to_console()
    check_folder(args.out)
    config, subjects = prepare(args)
    log.info("[2/4] training %d steps", config.run.steps)
    state = train(config, args.out / "run")
    if int(state.step) < config.run.steps:
        return INTERRUPTED
    page = show(args, config, subjects)
    print(f"open {page.resolve()}")
    return 0


def prepare(args: argparse.Namespace) -> tuple[ConfigDict, list[Subject]]:
    """Reads the clip and decides how long to train.

    Args:
      args: the command line.

    Returns:
      The config of the run, and the clip as evaluation sees it.

    Raises:
      FileNotFoundError: no such clip or landmark file.
      ValueError: as ``main``.
    """
    log.info("[1/4] reading the clip")
    landmarks = find_landmarks(args.clip, args.landmarks)
    config = demo_config(args.config, args.clip, landmarks, args.size)
    size = config.task.networks.image_size
    ensure(config.data)
    subjects = read_subjects(config.data.to_dict(), size, most=MEASURED_FRAMES)
    for subject in subjects:
        check_split(subject.clip, subject.split, subject.source)
    use_source(config, subjects[0].source)
    workdir = args.out / "run"
    set_length(config, workdir, args.minutes)
    return config, subjects


def show(
    args: argparse.Namespace, config: ConfigDict, subjects: Sequence[Subject]
) -> Path:
    """Measures the trained model and writes everything but the checkpoints.

    Args:
      args: the command line.
      config: of the run.
      subjects: the clip.

    Returns:
      Path of the page.
    """
    log.info("[3/4] measuring on frames that training has not seen (a minute)")
    model = inference.load(args.out / "run")
    results = evaluate(model, subjects)
    write_results(results, args.out, str(args.out / "run"))
    log.info("[4/4] writing video and page")
    rate = BUILT_IN_RATE if args.clip is None else probe(args.clip).fps
    write_video(args.out / "reenactment.mp4", model, subjects[0], rate)
    if args.clip is None:
        save_clip(args.out / "clip.mp4", subjects[0])
    print(to_markdown(method_table(results.reports[0])))
    settings = {
        "training": f"{config.run.steps} steps of {args.config}",
        "keypoints": KEYPOINTS[config.task.networks.keypoints],
    }
    commands = next_commands(args.out, args.clip)
    return write_page(args.out, model, subjects, results, settings, commands)


def find_landmarks(clip: Path | None, given: Path | None) -> Path | None:
    """The landmark file of a clip: the given one, or one beside it, or None.

    Raises:
      ValueError: landmarks without a clip.
    """
    if clip is None:
        if given is not None:
            raise ValueError("--landmarks belongs to --clip, which is not given")
        return None
    beside = [clip.with_suffix(suffix) for suffix in (".npz", ".npy")]
    candidates = [given] if given else [path for path in beside if path.exists()]
    return candidates[0] if candidates else None


def save_clip(path: Path, subject: Subject) -> None:
    """Writes the built-in clip and its landmarks, so that other commands can use it."""
    clip = subject.clip
    with VideoWriter(path, BUILT_IN_RATE) as writer:
        for frame in clip.frames:
            writer.write(frame)
    assert clip.landmarks is not None  # synthetic faces know theirs
    side = clip.frames.shape[1]
    numbers = np.arange(len(clip))
    save_landmarks(path.with_suffix(".npz"), clip.landmarks, numbers, (side, side))


def next_commands(out: Path, clip: Path | None) -> list[str]:
    """Shell commands that go on from here and work as they stand."""
    driving = f"{clip}" if clip else f"{out}/clip.mp4 --crop whole"
    source = f"{clip}" if clip else f"{out}/clip.mp4"
    return [
        "# a clip of your own",
        "face-jax demo --clip me.mp4 --out me --minutes 15",
        "# a person by a driver, with less head motion and more expression",
        f"face-jax reenact --checkpoint {out}/run --source {source} --driving {driving} "
        f"--pose-strength 0.5 --expression-strength 1.3 --out {out}/again.mp4",
        "# all numbers and picture sheets",
        f"face-jax evaluate held-out --checkpoint {out}/run --out {out}/evaluation",
    ]
