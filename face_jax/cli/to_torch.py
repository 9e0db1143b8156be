"""``face-jax to-torch``: a checkpoint's weights in the published layout, for PyTorch."""

import argparse
import json
import logging
from pathlib import Path
from typing import Any

from face_jax.cli.run_flags import TRAINED_OR_CONVERTED, add_folders
from face_jax.published import KINDS

DESCRIPTION = """\
Writes the networks of a checkpoint as their publishers have them: files that
`torch.load(..., weights_only=True)` takes, with published names and axis orders. PyTorch
is not needed to write them. Networks that are built in another way than published ones,
such as FSRT's learned detector, have no such form."""
EPILOG = """examples:
  face-jax to-torch --checkpoint runs/vox --out torch
  face-jax to-torch --checkpoint runs/ofer/expression --kind dan --out torch
"""
ENDING = ".pt"

log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_folders(parser, TRAINED_OR_CONVERTED, "folder for the files; old ones go")
    parser.add_argument(
        "--kind",
        choices=KINDS,
        metavar="KIND",
        help="what they shall be (default: what they were, or what the system has)",
    )


def main(args: argparse.Namespace) -> int:
    """Writes the files; returns the exit status.

    Raises:
      FileNotFoundError: there is no such checkpoint.
      ValueError: it has no published form, or lacks a network.
    """
    from face_jax.cli.console import log_to_console
    from face_jax.cli.outputs import check_folder, complete_files
    from face_jax.convert.kinds import publish
    from face_jax.convert.torch_writer import write_state
    from face_jax.published import published_kind
    from face_jax.train.checkpoints import load_variables

    log_to_console()
    check_folder(args.out)
    variables, config = load_variables(args.checkpoint)
    name = args.kind or _kind_of(args.checkpoint, config)
    files = publish(published_kind(name), variables)
    with complete_files(args.out) as folder:
        for file, content in files.items():
            write_state(folder / f"{file}{ENDING}", content)
    print(f"{', '.join(f'{file}{ENDING}' for file in files)}: {args.out}")
    return 0


def _kind_of(checkpoint: Path, config: dict[str, Any]) -> str:
    """What a checkpoint was converted from, or the first kind of its system."""
    from face_jax.cli.convert import REPORT
    from face_jax.published import kinds_of_system

    report = checkpoint / REPORT
    if report.is_file():
        return json.loads(report.read_text(encoding="utf-8"))["kind"]
    known = kinds_of_system(config["system"])
    if not known:
        raise ValueError(
            f"{checkpoint}: {config['system']} has no published form; those that have "
            f"one are {', '.join(KINDS)}"
        )
    return known[0]
