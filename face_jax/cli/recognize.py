"""``face-jax recognize``: expressions of faces, with what covers them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from face_jax.cli import input_flags
from face_jax.cli.finder_flags import finder_facts, finder_opener
from face_jax.cli.input_flags import add_faces, add_inputs, crop_rule
from face_jax.cli.outputs import check_folder, check_number, complete_files

if TYPE_CHECKING:
    from face_jax.cli.face_squares import CropRule

DESCRIPTION = f"""\
Recognises the expressions of faces in pictures and clips with a trained Latent-OFER
model, which finds the covered patches of a face, paints what lies behind them, and looks
at that. Clips of any length run in bounded memory and keep their frame rate and sound.

{input_flags.DESCRIPTION}Frames whose landmarks are unknown count as frames without a
face; without landmarks every frame counts as one with a face.

The folder OUT holds
  expressions.csv, .json  a row for each picture or frame: input, number and time of the
                          frame in a clip, whether there is a face, the likeliest
                          expression, the probabilities of all by name, the share of
                          covered patches, and the edges of the square that was looked
                          at, in pixels; the .json also tells what was left out, and why
and for each picture or clip NAME the folder OUT/NAME
  overlay.png or .mp4     left: the square, covered patches tinted, the expression; right:
                          the same frame with what lies behind covered patches
  pasted.png or .mp4      with --paste-back: the whole frame with what lies behind, which
                          fades around covered patches
  patches.npz             with --patches: scores of all patches, above 1 where covered"""
EPILOG = """\
examples:
  face-jax recognize me.jpg --checkpoint runs/latent_ofer --out expressions
  face-jax recognize photos/ --landmarks points/ --checkpoint runs/latent_ofer \\
      --out expressions

  # a clip, calmed, with the scores of all patches by kernel SVDD
  face-jax recognize talk.mp4 --landmarks talk.npz --smoothing 0.5 --patches \\
      --detector kernel --checkpoint runs/latent_ofer --out expressions

  # a face that fills the square at (120, 40)
  face-jax recognize me.jpg --box 120,40,300,300 --checkpoint runs/latent_ofer \\
      --out expressions
"""

SCALE = 1.3
"""Side of the square over the longer side of the face, that of the training."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command line."""
    _add_files(parser.add_argument_group("files"))
    add_faces(parser.add_argument_group("faces"), f"{SCALE:g}")
    _add_work(parser.add_argument_group("work"))


def main(args: argparse.Namespace) -> int:
    """Recognises as the arguments say; returns the exit status.

    Raises:
      ValueError: an argument or a file is wrong, or no input has a face.
      OSError: a file does not exist or cannot be written.
    """
    _check(args)
    # Imported here so that --help does not wait for JAX.
    from data_pipelines.sources.face_listing import is_clip
    from face_jax.cli.expression_files import open_tables
    from face_jax.cli.expression_frames import ExpressionFinder
    from face_jax.cli.footage import find_inputs
    from face_jax.cli.progress import Progress
    from face_jax.cli.recognize_run import Run
    from face_jax.cli.results import Results, open_all
    from face_jax.latent_ofer import model as models

    rule, results = crop_rule(args, "edges", SCALE), Results()
    finder = finder_opener(args)(args.face)
    inputs = find_inputs(args.input, args.landmarks, finder is None)
    stills = [given for given in inputs if not is_clip(given.path)]
    moving = [given for given in inputs if is_clip(given.path)]
    clips = list(open_all(moving, rule, results, finder))
    model = models.load(args.checkpoint, args.detector)
    expressions, facts = ExpressionFinder(model, args.batch), _facts(args, rule)
    total = len(stills) + sum(len(footage) for _, footage in clips)
    with (
        complete_files(args.out) as folder,
        open_tables(folder, model.classes, facts, results) as tables,
        Progress(total, "frames") as progress,
    ):
        fields = (args.patches, args.smoothing, progress.update, args.paste_back)
        run = Run(expressions, args.out, tables, *fields)
        run.pictures(stills, rule, results, finder)
        for given, footage in clips:
            run.clip(given.name, footage, results)
        results.check("recognise")
    for entry in results.entries:
        print(_line(entry))
    print(f"results: {args.out}")
    return 0


def _add_files(group) -> None:
    add_inputs(group)
    group.add_argument(
        "--checkpoint",
        required=True,
        type=Path,
        metavar="DIR",
        help="work directory of `face-jax train` with a config of Latent-OFER's stages",
    )
    group.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder for the results"
    )


def _add_work(group) -> None:
    group.add_argument(
        "--detector",
        choices=("deep", "kernel"),
        default="deep",
        help="what decides which patches are covered: Deep SVDD or kernel SVDD "
        "(default: deep)",
    )
    group.add_argument(
        "--patches",
        action="store_true",
        help="also store the scores of all patches, patches.npz",
    )
    group.add_argument(
        "--paste-back",
        action="store_true",
        help="also write whole pictures with what lies behind covered patches, softly "
        "pasted: pasted.png or .mp4",
    )
    group.add_argument(
        "--batch",
        type=int,
        default=8,
        metavar="N",
        help="frames in work at a time; less needs less memory (default: 8)",
    )


def _check(args: argparse.Namespace) -> None:
    check_folder(args.out)
    check_number("--smoothing", args.smoothing, 0, 1)
    check_number("--batch", args.batch, 1, 1024)


def _facts(args: argparse.Namespace, rule: "CropRule") -> dict[str, Any]:
    """What was asked for."""
    return {
        "checkpoint": str(args.checkpoint),
        "detector": args.detector,
        "crop": rule.crop if rule.box is None else list(rule.box),
        "crop_scale": rule.scale,
        "finder": finder_facts(args),
        "face": args.face,
        "smoothing": args.smoothing,
    }


def _line(entry: dict[str, Any]) -> str:
    """What is said of one picture or clip."""
    faces = entry["frames_with_face"]
    text = f"{entry['name']}: {faces}/{entry['frames']} frames"
    if not faces:
        return text
    return (
        f"{text}, {entry['expression']} {entry['probability']:.0%}, "
        f"{entry['covered']:.0%} covered"
    )
