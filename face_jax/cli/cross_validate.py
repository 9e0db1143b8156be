"""``face-jax cross-validate``: a recogniser on one's own pictures, person by person."""

import argparse
import json
import logging
from typing import TYPE_CHECKING

import numpy as np

from face_jax.cli.outputs import LARGEST_SEED, check_folder, check_number
from face_jax.cli.run_flags import add_folders

if TYPE_CHECKING:
    from face_jax.cli.folds import Folds
    from face_jax.latent_ofer.recognition_report import RecognitionReport

DESCRIPTION = """\
Trains the recogniser of a Latent-OFER pipeline on with a few labelled photographs, and
tells how well it does on persons it has no photographs of: each person in turn is left
out of training and measured. Classes that no photograph shows stay possible answers.

Photographs need landmark files, see `face-jax recognize --help`; labels are a text file
with lines FILE LABEL. Writes report.md, report.json and a sheet of pictures, and prints
the table. A second call with the same folder goes on where the first was stopped."""
EPILOG = """example:
  face-jax cross-validate --checkpoint runs/ofer --data photographs \\
      --labels labels.txt --people prefixes --out runs/ofer/cross_validation
"""
EVERYONE = "all"

log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_folders(parser, "work directory of a pipeline of stages")
    given = parser.add_argument
    given("--data", required=True, metavar="DIR", help="folder of photographs")
    given("--labels", required=True, metavar="FILE", help="lines FILE LABEL")
    given(
        "--people",
        default="files",
        metavar="RULE|FILE",
        help="whom a photograph shows: files (each another person), folders, prefixes "
        "(what precedes the first _ of the name), or lines FILE PERSON (default: files)",
    )
    given(
        "--landmarks",
        metavar="DIR",
        help="folder of landmark files (default: beside the photographs)",
    )
    given("--steps", type=int, default=100, metavar="N", help="of training a fold")
    given("--batch-size", type=int, default=16, metavar="N", help="photographs a step")
    given("--rate", type=float, default=3e-4, help="learning rate (default: 0.0003)")
    given("--seed", type=int, default=0, help="of everything random")


def main(args: argparse.Namespace) -> int:
    """Trains, measures, reports; returns the exit status.

    Raises:
      FileNotFoundError: no such checkpoint, folder or table.
      ValueError: a number out of its range, a label that the recogniser does not know,
        or photographs of one person alone.
    """
    _check(args)
    from face_jax.cli.console import log_to_console
    from face_jax.cli.folds import Folds, as_trained, held_out, photographs, store

    log_to_console()
    given = {name: getattr(args, name) for name in ("labels", "people", "landmarks")}
    data = photographs(args.checkpoint, path=args.data, **given)
    numbers = (args.steps, args.batch_size, args.rate, args.seed)
    folds = Folds(args.checkpoint, data, args.out, *numbers)
    log.info("%d persons", len(folds.people))
    if not store(folds):
        return 0
    before, found = as_trained(folds), dict(held_out(folds))
    after = {k: np.concatenate([f[k] for f in found.values()]) for k in before}
    print(_write(args, folds, before, after))
    return 0


def _check(args: argparse.Namespace) -> None:
    check_folder(args.out)
    check_number("--steps", args.steps, 1, 1_000_000)
    check_number("--batch-size", args.batch_size, 1, 4096)
    check_number("--rate", args.rate, 0, 10)
    check_number("--seed", args.seed, 0, LARGEST_SEED)


def _write(
    args: argparse.Namespace,
    folds: "Folds",
    before: dict[str, np.ndarray],
    after: dict[str, np.ndarray],
) -> str:
    """Writes the report; returns its tables."""
    from data_pipelines.video import write_image
    from face_jax.cli.conditions import conditions
    from face_jax.cli.outputs import complete_files
    from face_jax.cli.trained_recognizers import load_recognizer
    from face_jax.latent_ofer.pictures import labelled_sheet
    from face_jax.latent_ofer.recognition_report import confusion_table
    from face_jax.tables import to_markdown

    classes = folds.data["faces"]["label_names"]
    reports = [
        _report("as the pipeline has it", before, args.seed, classes),
        _report("trained on with the others", after, args.seed, classes),
    ]
    tables = [_table(reports, len(folds.people)), confusion_table(reports[1], EVERYONE)]
    text = "\n".join(to_markdown(table) for table in tables)
    shown = (after["image"], after["probabilities"], after["label"], classes)
    settings = {k: v for k, v in vars(args).items() if isinstance(v, (str, int, float))}
    start = load_recognizer(args.checkpoint / "recognizer")
    items = [f"{row}: {classes[label]}" for row, label in enumerate(after["label"])]
    found = {
        "settings": settings,
        "conditions": conditions(args.checkpoint, start.variables, folds.data, items),
        "people": list(folds.people),
        "recognition": [report.as_dict() for report in reports],
    }
    with complete_files(args.out) as folder:
        write_image(folder / "held_out.png", labelled_sheet(*shown))
        sheet = "\n![each person, left out](held_out.png)\n"
        (folder / "report.md").write_text(text + sheet, encoding="utf-8")
        content = json.dumps(found, indent=1)
        (folder / "report.json").write_text(content, encoding="utf-8")
    return text


def _report(
    title: str, found: dict[str, np.ndarray], seed: int, classes: tuple[str, ...]
) -> "RecognitionReport":
    from face_jax.latent_ofer.recognition_report import report_recognition

    rows = {EVERYONE: np.ones(len(found["label"]), bool)}
    return report_recognition(
        title, {seed: found["probabilities"]}, found["label"], rows, classes
    )


def _table(reports: "list[RecognitionReport]", people: int):
    from face_jax.tables import Cell, Table

    rows: list[list[Cell]] = []
    for report in reports:
        row = report.rows[EVERYONE]
        right = int(np.trace(row.confusion))
        recall = 100 * float(row.mean_class_recall[0])
        rows.append([report.title, f"{right} of {row.pictures}", recall])
    title = f"Expressions of {people} persons, each of whom was left out of training"
    return Table(title, ("", "right", "mean class recall, %"), rows)
