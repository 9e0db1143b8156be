"""``face-jax evaluate recognition``: expressions that Latent-OFER finds, against labels."""

import argparse
import logging
from typing import TYPE_CHECKING, Any

from face_jax.cli.run_flags import add_folders, add_prepared

if TYPE_CHECKING:
    from face_jax.cli.prepared_items import PreparedItems
    from face_jax.latent_ofer.labelled_pictures import LabelledPictures
    from face_jax.latent_ofer.model import Model

DESCRIPTION = """\
Measures the whole of a Latent-OFER pipeline, from the detection of what covers a face to
the expression, on pictures and clips of a data set that `face-jax prepare` stored with
their expressions: accuracy, mean class recall, and which class is taken for which.

Writes report.md, report.json, pictures.csv (every picture with its label and all
probabilities), the confusion matrix as a plot, and the pictures that the model is wrong
about with the greatest confidence."""
EPILOG = """examples:
  face-jax evaluate recognition --checkpoint runs/ofer --data data/raf_db --out report
"""
ALL = "all pictures"
ITEM = "latent_ofer_item"
DEFINITIONS = {
    "accuracy": "share of the pictures that are told right, in [0, 1]",
    "mean_class_recall": "mean over the classes of the share that is told right",
}

log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_folders(parser, "work directory of a pipeline of stages")
    add_prepared(parser, "expressions")
    parser.add_argument(
        "--detector",
        choices=("deep", "kernel"),
        default="deep",
        help="what decides which patches are covered (default: deep)",
    )


def main(args: argparse.Namespace) -> int:
    """Evaluates and writes the report; returns the exit status.

    Raises:
      FileNotFoundError: no such checkpoint or data set.
      ValueError: the data set has no expressions that the model knows, or a flag is out
        of its range.
    """
    from data_pipelines.items.latent_ofer import LatentOferItems
    from data_pipelines.sources.prepared import PreparedFaces
    from face_jax.cli.conditions import conditions
    from face_jax.cli.console import log_to_console
    from face_jax.cli.devices import over_all_devices
    from face_jax.cli.outputs import check_folder, check_number
    from face_jax.cli.prepared_items import PreparedItems, item_settings
    from face_jax.latent_ofer import model as models

    log_to_console()
    check_folder(args.out)
    check_number("--batch", args.batch, 1, 4096)
    # Not folded: the report's digest of weights shall be that of the checkpoint.
    model = models.load(
        args.checkpoint, args.detector, sharding=over_all_devices(), folded=False
    )
    settings = item_settings(args.checkpoint / "detector", ITEM)
    items = LatentOferItems(**{**settings, "mode": "plain", "class_balanced": False})
    faces = PreparedFaces(args.data, args.split, model.classes, labelled=True)
    pictures = PreparedItems(faces, items)
    found = _recognize(args, model, pictures)
    data = {
        "path": str(args.data),
        "split": args.split,
        "size": items.size,
        "face_scale": items.face_scale,
        "class_order": list(model.classes),
        "detector": args.detector,
    }
    measured = conditions(
        args.checkpoint, model.variables, data, found.names, DEFINITIONS
    )
    print(_write(args, found, pictures.skipped, measured))
    return 0


def _recognize(
    args: argparse.Namespace, model: "Model", pictures: "PreparedItems"
) -> "LabelledPictures":
    """Runs the model on all pictures; a last batch is filled up."""
    import jax

    from face_jax.cli.devices import whole_batch
    from face_jax.cli.progress import Progress
    from face_jax.latent_ofer.labelled_pictures import LabelledPictures
    from face_jax.latent_ofer.model import classify
    from face_jax.temporal.chunks import pad

    size = whole_batch(args.batch, model.rows)
    found = LabelledPictures(model.classes)
    with Progress(len(pictures), "pictures") as progress:
        for names, batch in pictures.batches(size):
            crops = batch["image"]
            seen = jax.device_get(classify(model, pad(crops, size)))
            covered = seen.mask.reshape(size, -1).mean(axis=1)
            rows = (seen.probabilities[: len(crops)], covered[: len(crops)])
            found.add(names, batch["label"], crops, *rows)
            progress.update(len(found.names))
    return found


def _write(
    args: argparse.Namespace,
    found: "LabelledPictures",
    skipped: dict[str, str],
    measured: dict[str, Any],
) -> str:
    """Writes the report; returns what is printed."""
    from data_pipelines.video import write_image
    from face_jax.cli.outputs import complete_files
    from face_jax.cli.report_files import write_texts
    from face_jax.plots import plot_confusion
    from face_jax.tables import to_markdown

    report = found.report(ALL)
    tables = "\n".join(map(to_markdown, found.tables(report, ALL)))
    left_out = [f"- {reason}" for reason in skipped.values()]
    printed = "\n".join([tables, *(["Left out:", "", *left_out] if left_out else [])])
    numbers = {
        "task": "recognition",
        **report.as_dict(),
        "left_out": skipped,
        "conditions": measured,
    }
    with complete_files(args.out) as folder:
        found.write_table(folder / "pictures.csv")
        matrix = plot_confusion(report.rows[ALL].confusion, found.classes)
        (folder / "confusion.svg").write_bytes(matrix)
        shown = ["![which class is taken for which](confusion.svg)"]
        worst = found.worst()
        if worst is not None:
            write_image(folder / "worst.png", worst)
            shown.append("![wrong with the greatest confidence](worst.png)")
        write_texts(
            folder, f"recognition: {args.checkpoint}", [printed, *shown], numbers
        )
    return f"{printed}\nreport, single pictures and plots: {args.out}"
