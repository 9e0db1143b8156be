"""``face-jax export``: a model as programs that run without this library."""

import argparse
import importlib
import logging
from pathlib import Path
from typing import Any

from face_jax.cli.outputs import check_folder, check_number
from face_jax.cli.run_flags import TRAINED_OR_CONVERTED, add_folders

DESCRIPTION = """\
Writes a model of any system as StableHLO programs (jax.export) for CPUs, NVIDIA GPUs and
TPUs, with its weights (.npz) and run.py, 30 lines that run them with jax and numpy alone.
export.json names every program's inputs and outputs. Programs take any number of rows,
except those of SMIRK that draw; later versions of JAX read them for at least six months."""
EPILOG = """examples:
  face-jax export --checkpoint runs/me --out exported
  face-jax export --checkpoint weights/smirk --batches 1 16 --out exported
  face-jax export --checkpoint runs/ofer --platforms cuda --out exported
"""
PLATFORMS = ("cpu", "cuda", "rocm", "tpu")
LISTING = "smirk"
"""System with programs for listed numbers of rows."""

log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_folders(parser, TRAINED_OR_CONVERTED, "folder for the programs")
    parser.add_argument(
        "--platforms",
        nargs="+",
        choices=PLATFORMS,
        default=["cpu", "cuda", "tpu"],
        help="where they shall run (default: cpu cuda tpu)",
    )
    parser.add_argument(
        "--batches",
        type=int,
        nargs="+",
        metavar="N",
        help="numbers of rows for SMIRK's programs that draw (default: 1 8)",
    )


def main(args: argparse.Namespace) -> int:
    """Exports; returns the exit status.

    Raises:
      FileNotFoundError: there is no such checkpoint.
      ValueError: it is not that of a model, or a number is out of its range or of no
        use.
      OSError: ``--out`` cannot be written.
    """
    from face_jax.cli.console import log_to_console
    from face_jax.cli.outputs import complete_files
    from face_jax.cli.progress import Progress
    from face_jax.export.artefact import write

    for number in args.batches or ():
        check_number("--batches", number, 1, 1024)
    check_folder(args.out)
    log_to_console()
    model = _exportable(args.checkpoint, args.batches)
    with (
        complete_files(args.out) as folder,
        Progress(len(model.programs), "programs") as progress,
    ):
        content = write(folder, model, args.platforms, progress.update)
    for name, entry in content["programs"].items():
        print(f"{name}({_listed(entry['inputs'])}) -> {_listed(entry['outputs'])}")
    print(f"written: {args.out}")
    return 0


def _exportable(checkpoint: Path, batches: list[int] | None) -> Any:
    import face_jax
    from face_jax.api import system_of

    system = system_of(checkpoint)
    if batches and system != LISTING:
        raise ValueError(f"--batches: programs of {system} take any number of rows")
    exporter = importlib.import_module(f"face_jax.{system}.export")
    model = face_jax.load(checkpoint)
    if not batches:
        return exporter.exportable(model)
    return exporter.exportable(model, sorted(set(batches)))


def _listed(arrays: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {each['dtype']} [{', '.join(map(str, each['shape']))}]"
        for name, each in arrays.items()
    )
