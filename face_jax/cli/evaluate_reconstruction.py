"""``face-jax evaluate reconstruction``: heads that SMIRK finds, against landmarks."""

import argparse
import logging
from typing import TYPE_CHECKING, Any

from face_jax.cli.run_flags import add_prepared, add_run

if TYPE_CHECKING:
    from face_jax.cli.prepared_items import PreparedItems
    from face_jax.smirk.model import Model
    from face_jax.smirk.picture_errors import PictureErrors

DESCRIPTION = """\
Measures a SMIRK model on pictures and clips of a data set that `face-jax prepare` stored
with landmarks: how far the landmarks of the heads it finds are from those, and, where it
has a generator, how like the pictures are that it makes again. Beside it stands what looks
at no picture: the mean landmarks of the set, in every crop.

Without landmarks of a picture it is left out. Writes report.md, report.json, pictures.csv
(a row for each picture), a histogram, and the pictures with the largest errors."""
EPILOG = """examples:
  face-jax evaluate reconstruction --checkpoint runs/smirk --data data/ffhq --out report
"""
ITEM = "smirk_item"

log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_run(parser)
    add_prepared(parser, "landmarks")
    parser.add_argument(
        "--frames",
        type=int,
        metavar="N",
        help="at most so many frames of each clip, evenly spread (default: all)",
    )


def main(args: argparse.Namespace) -> int:
    """Evaluates and writes the report; returns the exit status.

    Raises:
      FileNotFoundError: no such checkpoint or data set.
      ValueError: no picture has landmarks, or a flag is out of its range.
    """
    from data_pipelines.items.smirk import SmirkItems
    from data_pipelines.sources.prepared import PreparedFaces
    from face_jax.cli.conditions import conditions
    from face_jax.cli.console import log_to_console
    from face_jax.cli.devices import over_all_devices
    from face_jax.cli.outputs import check_folder, check_number
    from face_jax.cli.prepared_items import PreparedItems, item_settings
    from face_jax.smirk import inference
    from face_jax.smirk.picture_errors import DEFINITIONS

    log_to_console()
    check_folder(args.out)
    check_number("--batch", args.batch, 1, 4096)
    if args.frames is not None:
        check_number("--frames", args.frames, 1, 10_000_000)
    # Not folded: the report's digest of weights shall be that of the checkpoint.
    model = inference.load(
        args.checkpoint, args.step, sharding=over_all_devices(), folded=False
    )
    plain = {"mode": "plain", "truth": {}, "evaluation_frames_per_clip": args.frames}
    items = SmirkItems(**{**item_settings(args.checkpoint, ITEM), **plain})
    pictures = PreparedItems(PreparedFaces(args.data, args.split), items)
    found = _reconstruct(args, model, pictures)
    data = {
        "path": str(args.data),
        "split": args.split,
        "size": items.size,
        "face_scale": items.plain_scale,
        "most_frames": args.frames,
    }
    measured = conditions(
        args.checkpoint, model.variables, data, found.names, DEFINITIONS
    )
    print(_write(args, found, pictures.skipped, measured))
    return 0


def _reconstruct(
    args: argparse.Namespace, model: "Model", pictures: "PreparedItems"
) -> "PictureErrors":
    """Runs the model on all pictures; a last batch is filled up."""
    from face_jax.cli.devices import whole_batch
    from face_jax.cli.progress import Progress
    from face_jax.smirk.picture_errors import PictureErrors

    found = PictureErrors(model, whole_batch(args.batch, model.rows))
    with Progress(len(pictures), "pictures") as progress:
        for names, batch in pictures.batches(found.batch):
            found.add(names, batch)
            progress.update(len(found.names))
    if not found.names:
        raise ValueError(f"{args.data}, {args.split}: expected pictures with landmarks")
    return found


def _write(
    args: argparse.Namespace,
    found: "PictureErrors",
    skipped: dict[str, str],
    measured: dict[str, Any],
) -> str:
    """Writes the report; returns what is printed."""
    from data_pipelines.video import write_image
    from face_jax.cli.outputs import complete_files
    from face_jax.cli.report_files import write_texts
    from face_jax.tables import to_markdown

    left_out = {**skipped, **found.left_out}
    lines = [f"- {reason}" for reason in left_out.values()]
    printed = to_markdown(found.table())
    printed += "\n".join(["", "Left out:", "", *lines, ""]) if lines else ""
    numbers = {
        "task": "reconstruction",
        **found.as_dict(),
        "left_out": left_out,
        "conditions": measured,
    }
    with complete_files(args.out) as folder:
        found.write_table(folder / "pictures.csv")
        (folder / "histogram.svg").write_bytes(found.histogram())
        write_image(folder / "worst.png", found.worst())
        shown = ["![errors](histogram.svg)", "![largest errors](worst.png)"]
        write_texts(
            folder, f"reconstruction: {args.checkpoint}", [printed, *shown], numbers
        )
    return f"{printed}\nreport, single pictures and plots: {args.out}"
