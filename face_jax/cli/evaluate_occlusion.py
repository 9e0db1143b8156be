"""``face-jax evaluate occlusion``: Latent-OFER on people and occluders it never saw."""

import argparse
import dataclasses
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from face_jax.cli.run_flags import add_folders

if TYPE_CHECKING:
    import numpy as np

    from face_jax.cli.occluded_faces import StoredFaces
    from face_jax.latent_ofer.model import Model
    from face_jax.latent_ofer.occluded_faces import OccludedFaces
    from face_jax.latent_ofer.occlusion_report import OcclusionReport
    from face_jax.latent_ofer.patch_detectors import DetectorRun

DESCRIPTION = """\
Measures a Latent-OFER pipeline on synthetic people that training never saw, with things
before their faces that training had and others that it never had, one by one.

Detection: every Deep SVDD of the pipeline, kernel SVDD and a logistic regression on the
same latents, beside what needs no latents (colours, errors of reconstruction).
Reconstruction: PSNR and SSIM in the true hole of the transformer alone and with the CNN,
beside the mean face and the picture as it is. Recognition: the pipeline's recogniser
and others, on covered and on uncovered faces; trainings that differ in their seed alone
are one row with mean and spread.

For pipelines trained on synthetic pictures (configs/latent_ofer/synthetic64.py). Writes
report.md, report.json and sheets of pictures, and prints the tables."""
EPILOG = """examples:
  face-jax evaluate occlusion --checkpoint runs/ofer --out runs/ofer/evaluation
  face-jax evaluate occlusion --checkpoint runs/ofer --out report \\
      --recognizers runs/seed1 runs/seed2 runs/no_latents runs/ofer/expression
"""
TRAINING_PICTURES = 1000
"""Training pictures that plain detectors are fitted to: 64 000 patches of 8 x 8."""

log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_folders(parser, "work directory of a pipeline of stages")
    parser.add_argument(
        "--pictures",
        type=int,
        metavar="N",
        help="measure detection and reconstruction on at most so many pictures, spread "
        "evenly (default: all of the test split)",
    )
    parser.add_argument(
        "--recognizers",
        nargs="+",
        type=Path,
        default=[],
        metavar="RUN",
        help="work directories of other recognisers: trained on the same latents, or on "
        "pictures as they are (stages `expression` too)",
    )


def main(args: argparse.Namespace) -> int:
    """Evaluates and writes the report; returns the exit status.

    Raises:
      FileNotFoundError: no such checkpoint, data set or latents.
      ValueError: runs that do not fit together or were not trained on synthetic
        pictures, or a number out of its range.
    """
    from face_jax.cli.conditions import conditions
    from face_jax.cli.console import log_to_console
    from face_jax.cli.known_people import synthetic_part
    from face_jax.cli.occluded_faces import SOURCE, StoredFaces
    from face_jax.cli.outputs import check_folder, check_number
    from face_jax.cli.subjects import data_of_run
    from face_jax.cli.synthetic_data import ensure
    from face_jax.cli.trained_detectors import DECIDING, load_detectors
    from face_jax.cli.trained_recognizers import load_all, recognition_reports
    from face_jax.latent_ofer.model import STAGES, assemble

    log_to_console()
    check_folder(args.out)
    if args.pictures is not None:
        check_number("--pictures", args.pictures, 1, 1_000_000)
    data = synthetic_part(data_of_run(args.checkpoint / DECIDING), SOURCE)
    recognizers = load_all(args.checkpoint, args.recognizers)
    # Not folded: the report's digest of weights shall be that of the checkpoint.
    runs = {name: args.checkpoint / name for name in STAGES[:-1]}
    model = assemble(runs, folded=False)
    detectors = load_detectors(args.checkpoint)
    ensure(data)
    stored = StoredFaces(data)
    log.info("recognition: %d trained recognisers", len(recognizers))
    recognition = recognition_reports(args.checkpoint, recognizers, stored.unseen)
    faces = stored.test(args.pictures)
    report, sheets = _evaluate(model, detectors, stored, faces)
    report = dataclasses.replace(report, recognition=recognition)
    items = [f"{row}: {kind}" for row, kind in enumerate(faces.kinds.tolist())]
    measured = conditions(args.checkpoint, model.variables, data, items)
    print(_write(args, report, sheets, measured))
    return 0


def _evaluate(
    model: "Model",
    detectors: "list[DetectorRun]",
    stored: "StoredFaces",
    faces: "OccludedFaces",
) -> "tuple[OcclusionReport, dict[str, np.ndarray]]":
    """Detection and reconstruction, and sheets of pictures."""
    from face_jax.latent_ofer.detector_comparison import (
        all_detectors,
        compare_detectors,
    )
    from face_jax.latent_ofer.occluded_faces import kind_rows
    from face_jax.latent_ofer.occlusion_report import OcclusionReport, occlusion_sheets
    from face_jax.latent_ofer.patch_detectors import Training
    from face_jax.latent_ofer.reconstruction_comparison import (
        compare_reconstructions,
        mean_face,
    )

    nu, share = detectors[-1].nu, detectors[-1].covered_share
    patch_size = model.pipeline.detector.autoencoder.patch_size
    known = stored.training(TRAINING_PICTURES)
    rows = kind_rows(faces.kinds, stored.names, stored.unseen)
    covered = faces.covered(patch_size, share)
    log.info("detection: fitting to %d training pictures", len(known))
    fitted = all_detectors(detectors, Training.of(known, patch_size, share, nu))
    log.info("detection: %d detectors on %d pictures", len(fitted), len(faces))
    detection = compare_detectors(fitted, faces, covered, rows)
    log.info("reconstruction of %d pictures", covered.any(axis=1).sum())
    reconstruction = compare_reconstructions(
        model.pipeline.refinement,
        model.variables,
        mean_face(known.clean_images),
        faces,
        rows,
        share,
    )
    report = OcclusionReport(
        counts={"training": len(known), "test": len(faces)},
        seen=stored.seen,
        unseen=stored.unseen,
        settings={"nu": nu, "covered_share": share},
        detection=detection,
        reconstruction=reconstruction,
    )
    return report, occlusion_sheets(model, faces, covered, stored.names, stored.unseen)


def _write(
    args: argparse.Namespace,
    report: "OcclusionReport",
    sheets: "dict[str, np.ndarray]",
    measured: dict[str, Any],
) -> str:
    """Writes the report; returns what is printed."""
    from data_pipelines.video import write_image
    from face_jax.cli.outputs import complete_files
    from face_jax.tables import to_markdown

    printed = "\n".join(map(to_markdown, report.tables()))
    details = "\n".join(map(to_markdown, report.details()))
    pictures = "\n".join(f"![{name}]({name}.png)" for name in sheets)
    heading = f"# {args.checkpoint} on people and occluders it never saw"
    text = f"{heading}\n\n{report.explanation()}\n\n{printed}\n{details}\n{pictures}\n"
    numbers = {"checkpoint": str(args.checkpoint), **report.as_dict()}
    numbers["conditions"] = measured
    with complete_files(args.out) as folder:
        for name, picture in sheets.items():
            write_image(folder / f"{name}.png", picture)
        (folder / "report.md").write_text(text, encoding="utf-8")
        content = json.dumps(numbers, indent=1, allow_nan=False)
        (folder / "report.json").write_text(content, encoding="utf-8")
    return (
        f"{printed}\nreport, detectors and classes one by one, and pictures: {args.out}"
    )
