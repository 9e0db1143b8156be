"""``face-jax fit``: inverse rendering, the head behind a picture by gradients alone."""

import argparse
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from face_jax.cli.outputs import LARGEST_SEED, check_folder, check_number

if TYPE_CHECKING:
    from face_jax.fitting.comparison import Fit

DESCRIPTION = """\
Finds the head behind a picture by gradient descent through the renderer alone.

Random persons with random expressions are drawn; from their pictures, without
landmarks or networks, identity, expression, pose and camera are to be found again,
starting with the mean head turned away. The same is done with pose and camera alone,
and without the gradients of silhouettes, to show what each part is worth.

Writes fit.png (progress of the first head), curves.png, report.md and report.json, and
prints the table."""
EPILOG = """examples:
  face-jax fit --out fit
  face-jax fit --head heads/ict.npz --heads 2 --steps 1000 --out fit_ict
"""

log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder for the report"
    )
    parser.add_argument(
        "--head",
        default="procedural",
        metavar="NAME|FILE",
        help="head model: procedural, or a file of `face-jax prepare head` "
        "(default: procedural)",
    )
    parser.add_argument(
        "--heads",
        type=int,
        default=4,
        metavar="N",
        help="how many persons are fitted side by side (default: 4)",
    )
    parser.add_argument(
        "--degrees",
        type=float,
        default=20.0,
        help="how far the start is turned away (default: 20)",
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=400,
        help="steps of gradient descent, a multiple of 25 (default: 400)",
    )
    parser.add_argument(
        "--size",
        type=int,
        default=128,
        metavar="PIXELS",
        help="side of the pictures, a multiple of 16 (default: 128)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything random")


def main(args: argparse.Namespace) -> int:
    """Fits, reports; returns the exit status.

    Raises:
      ValueError: a number is out of its range, or the file is no head model.
      OSError: there is no such head model, or the report cannot be written.
    """
    _check(args)
    # Imported here: `face-jax --help` describes commands without starting JAX.
    import jax

    from face_jax.fitting import comparison
    from face_jax.fitting.drawing import head_painter
    from face_jax.fitting.objective import Objective
    from face_jax.fitting.solver import Descent
    from face_jax.fitting.unknowns import Freedom, random_head
    from face_jax.heads.library import head as load

    head = load(args.head)
    truth_key, start_key = jax.random.split(jax.random.key(args.seed))
    truth = random_head(head, truth_key, args.heads)
    start = comparison.turned_start(head, truth, start_key, args.degrees)
    painter = head_painter(head, args.size)
    fits = comparison.compare_fits(
        painter,
        truth,
        start,
        Freedom(),
        Descent(steps=args.steps),
        Objective(),
        report=lambda name, step: log.info("step %d/%d  %s", step, args.steps, name),
    )
    target = np.asarray(painter(truth)[0, ..., :3])
    _write(args, target, fits)
    return 0


def _check(args: argparse.Namespace) -> None:
    check_folder(args.out)
    check_number("--heads", args.heads, 1, 256)
    check_number("--degrees", args.degrees, 0, 180)
    check_number("--steps", args.steps, 25, 100_000, step=25)
    check_number("--size", args.size, 16, 2048, step=16)
    check_number("--seed", args.seed, 0, LARGEST_SEED)


def _write(
    args: argparse.Namespace, target: np.ndarray, fits: "Mapping[str, Fit]"
) -> None:
    from data_pipelines.video import write_image
    from face_jax.fitting.comparison import comparison_table
    from face_jax.fitting.pictures import error_curves, progress_sheet
    from face_jax.tables import to_markdown

    sheet, curves = progress_sheet(target, fits), error_curves(fits)
    text = to_markdown(comparison_table(fits))
    args.out.mkdir(parents=True, exist_ok=True)
    write_image(args.out / "fit.png", sheet)
    (args.out / "curves.png").write_bytes(curves)
    (args.out / "report.md").write_text(text, encoding="utf-8")
    summary = {
        name: {
            "steps": fit.steps.tolist(),
            "pose_degrees": fit.pose_degrees.tolist(),
            "vertex_errors": fit.vertex_errors.tolist(),
            "expression_errors": fit.expression_errors.tolist(),
        }
        for name, fit in fits.items()
    }
    settings = {k: str(v) for k, v in vars(args).items() if k != "out"}
    content = json.dumps({"settings": settings, "fits": summary}, indent=1)
    (args.out / "report.json").write_text(content, encoding="utf-8")
    print(text)
