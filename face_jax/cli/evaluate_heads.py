"""``face-jax evaluate heads``: SMIRK on people it never saw, against the exact truth."""

import argparse
import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from face_jax.cli.run_flags import add_people, add_run

if TYPE_CHECKING:
    import numpy as np

    from face_jax.smirk.head_evaluation import Evaluation
    from face_jax.smirk.known_heads import KnownHeads

DESCRIPTION = """\
Measures a SMIRK model on synthetic people that training never saw.

The pictures are those of the test split of the data set that the run was trained on,
and two sets that are rendered of the same people: asymmetric expressions (half a smile,
a wink, one brow) and extreme ones (whole actions of mouth, brows and lids together).
Every parameter of these heads is known, so that landmarks, vertices, identity,
expression and pose are compared one by one. Beside the model stands the mean of the
training set: its mean identity, expression, rotation and camera in place of every
estimate.

For models trained on synthetic pictures (configs/smirk/synthetic80.py). Writes
report.md, report.json and sheets of pictures, and prints the tables."""
EPILOG = """examples:
  face-jax evaluate heads --checkpoint runs/heads --out runs/heads/evaluation
"""
log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_run(parser)
    add_people(parser)
    parser.add_argument(
        "--pictures",
        type=int,
        default=6,
        metavar="N",
        help="asymmetric pictures of each person, and extreme ones (default: 6)",
    )


def main(args: argparse.Namespace) -> int:
    """Evaluates and writes the report; returns the exit status.

    Raises:
      FileNotFoundError: no such checkpoint, data set or head model.
      ValueError: the run was not trained on synthetic pictures, or a number is out of
        its range.
    """
    from face_jax.cli.conditions import conditions
    from face_jax.cli.console import log_to_console
    from face_jax.cli.known_heads import SOURCE, known_faces, stored_faces
    from face_jax.cli.known_people import synthetic_part
    from face_jax.cli.outputs import check_folder, check_number
    from face_jax.cli.subjects import data_of_run
    from face_jax.cli.synthetic_data import ensure
    from face_jax.smirk import inference
    from face_jax.smirk.head_evaluation import evaluate, mean_face
    from face_jax.smirk.head_report import sheet
    from face_jax.smirk.known_heads import ERRORS, encode_all

    log_to_console()
    check_folder(args.out)
    for name in ("people", "pictures"):
        check_number(f"--{name}", getattr(args, name), 1, 100_000)
    data = synthetic_part(data_of_run(args.checkpoint), SOURCE)
    # Not folded: the report's digest of weights shall be that of the checkpoint.
    model = inference.load(args.checkpoint, args.step, folded=False)
    ensure(data)
    log.info("mean of the training set")
    mean = mean_face(known_faces(stored_faces(data, "train"), data["smirk_item"]))
    evaluations, sheets = [], {}
    items: list[str] = []
    for name, title, known in _sets(args, data):
        estimates = encode_all(model, known.images)
        evaluations.append(evaluate(model, title, known, mean, estimates))
        sheets[name] = sheet(model, known, estimates)
        items += [f"{name}: person {number}" for number in known.identity.tolist()]
    measured = conditions(args.checkpoint, model.variables, data, items, ERRORS)
    print(_write(args, evaluations, sheets, measured))
    return 0


def _sets(
    args: argparse.Namespace, data: dict[str, Any]
) -> "Iterator[tuple[str, str, KnownHeads]]":
    """Name, title and heads of each set, one after the other."""
    from face_jax.cli.known_heads import known_heads, special_faces, stored_faces
    from face_jax.cli.known_people import SPLIT, settings_of

    settings, item = settings_of(data, args.head), data["smirk_item"]
    yield (
        "unseen",
        "unseen people",
        known_heads(stored_faces(data, SPLIT), item, args.people),
    )
    for kind in ("asymmetric", "extreme"):
        faces = special_faces(settings, kind, args.people, args.pictures)
        yield kind, f"{kind} expressions", known_heads(faces, item)


def _write(
    args: argparse.Namespace,
    evaluations: "list[Evaluation]",
    sheets: "dict[str, np.ndarray]",
    measured: dict[str, Any],
) -> str:
    """Writes the report; returns what is printed."""
    from data_pipelines.video import write_image
    from face_jax.smirk.head_report import (
        EXPLANATION,
        direction_table,
        error_table,
        measure_table,
        overview_table,
    )
    from face_jax.tables import to_markdown

    args.out.mkdir(parents=True, exist_ok=True)
    for name, picture in sheets.items():
        write_image(args.out / f"{name}.png", picture)
    tables = [overview_table(evaluations), *map(error_table, evaluations)]
    printed = "\n".join(map(to_markdown, [*tables, measure_table(evaluations)]))
    directions = "\n".join(to_markdown(direction_table(found)) for found in evaluations)
    pictures = "\n".join(f"![{name}]({name}.png)" for name in sheets)
    heading = f"# {args.checkpoint} on people it never saw"
    text = f"{heading}\n\n{EXPLANATION}\n\n{printed}\n{directions}\n{pictures}\n"
    (args.out / "report.md").write_text(text, encoding="utf-8")
    numbers = dict(zip(sheets, [found.as_dict() for found in evaluations], strict=True))
    numbers["conditions"] = measured
    content = json.dumps(numbers, indent=1, allow_nan=False)
    (args.out / "report.json").write_text(content, encoding="utf-8")
    return f"{printed}\nreport, directions one by one, and pictures: {args.out}"
