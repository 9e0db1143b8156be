"""``face-jax convert``: published weights become a checkpoint, PyTorch is not needed."""

import argparse
import ast
import hashlib
import importlib.metadata
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from face_jax.published import KINDS

if TYPE_CHECKING:
    from face_jax.convert.kinds import Converted, Kind

DESCRIPTION = """\
Reads published weights and writes them as a checkpoint, which every command takes like
one of a training: `face-jax reenact --checkpoint DIR`, task.start_from=DIR.

Files of PyTorch (.pt, .pth, .tar, .ckpt), safetensors and .npz. PyTorch is not needed,
and nothing that a file says is run. Every array must be known and fit: what is missing,
unknown or of another shape is named. `face-jax info DIR` shows what was used."""
EPILOG = """examples:
  face-jax convert fsrt model.pt kp_detector.pt --out weights/fsrt
  face-jax convert smirk SMIRK_em1.pt --set networks.head=flame.npz --out weights/smirk
  face-jax convert mae mae_visualize_vit_base.pth --out weights/mae
  face-jax convert lpips_alex alexnet.pth alex.pth --out weights/lpips
  face-jax convert inception pt_inception-2015-12-05-6726825d.pth --out weights/inception
  face-jax convert refinement 100_net_G.pth 100_net_D.pth --out weights/refinement
"""
REPORT = "conversion.json"

log = logging.getLogger("face_jax")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    parser.add_argument(
        "kind", choices=KINDS, metavar="KIND", help=f"one of: {', '.join(KINDS)}"
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--out", required=True, type=Path, help="folder for the checkpoint"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of the task that differs from the published one, such as "
        "networks.expression_size=128 (repeatable)",
    )


def main(args: argparse.Namespace) -> int:
    """Converts; returns the exit status.

    Raises:
      FileNotFoundError: there is no such file.
      FileExistsError: there is a checkpoint in the folder.
      ValueError: a file is damaged or names something that is not allowed, weights do
        not fit, or a setting is none.
    """
    from face_jax.cli.console import log_to_console
    from face_jax.cli.outputs import check_folder
    from face_jax.convert.kinds import convert_files
    from face_jax.published import published_kind
    from face_jax.train.checkpoint_folders import FOLDER

    log_to_console()
    check_folder(args.out)
    if (args.out / FOLDER).exists():
        raise FileExistsError(f"--out {args.out}: there is a checkpoint already")
    kind, changes = published_kind(args.kind), parse_settings(args.set)
    converted = convert_files(kind, args.files, changes)
    report = conversion_report(args.kind, kind, args.files, converted)
    _write(args.out, kind, converted, report)
    for name, count in report["networks"].items():
        log.info("%s: %s numbers", name, f"{count:,}")
    log.info("terms: %s", kind.terms)
    print(
        f"{len(converted.used)} arrays, {len(converted.ignored)} not used: {args.out}"
    )
    return 0


def parse_settings(given: Sequence[str]) -> dict[str, Any]:
    """Nested settings from ``key.key=value``; values are Python's, or text.

    Raises:
      ValueError: one has no value.
    """
    settings: dict[str, Any] = {}
    for text in given:
        key, found, value = text.partition("=")
        if not found or not key:
            raise ValueError(f"--set {text}: expected KEY=VALUE")
        *blocks, name = key.split(".")
        block = settings
        for outer in blocks:
            block = block.setdefault(outer, {})
        block[name] = _value(value)
    return settings


def conversion_report(
    name: str, kind: "Kind", files: Sequence[Path], converted: "Converted"
) -> dict[str, Any]:
    """What was converted, as JSON-like data.

    Args:
      name: of the kind.
      kind: of the files.
      files: that were read.
      converted: what became of them.
    """
    from clu.parameter_overview import count_parameters

    networks = {
        name: int(count_parameters(tree)) for name, tree in converted.variables.items()
    }
    return {
        "kind": name,
        "title": kind.title,
        "terms": kind.terms,
        "files": [
            {"name": f.name, "bytes": f.stat().st_size, "sha256": _sha256(f)}
            for f in files
        ],
        "networks": networks,
        "used": converted.used,
        "ignored": converted.ignored,
        "face_jax": importlib.metadata.version("face-jax"),
    }


def _write(
    folder: Path, kind: "Kind", converted: "Converted", report: Mapping[str, Any]
) -> None:
    """Everything appears together, or nothing."""
    from face_jax.cli.outputs import complete_files
    from face_jax.train.checkpoints import save_variables

    config = {"system": kind.system, "task": dict(converted.settings), "data": {}}
    with complete_files(folder) as partial:
        save_variables(partial, converted.variables, config)
        for name, content in (("config.json", config), (REPORT, report)):
            text = json.dumps(content, indent=1)
            (partial / name).write_text(text, encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
