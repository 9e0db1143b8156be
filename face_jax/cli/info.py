"""``face-jax info``: what a checkpoint holds and where it comes from."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DESCRIPTION = """\
Shows what a checkpoint holds: system, step, networks and the settings of its task; of
converted weights also the files with their hashes, what was not used, and the terms
that their publisher states."""
EPILOG = """examples:
  face-jax info runs/demo
  face-jax info weights/fsrt --names
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    parser.add_argument("checkpoint", type=Path, metavar="DIR")
    parser.add_argument(
        "--names",
        action="store_true",
        help="list every published array that was used, with its shape",
    )


def main(args: argparse.Namespace) -> int:
    """Prints it; returns the exit status.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: it is damaged.
    """
    from clu.parameter_overview import count_parameters

    from face_jax.cli.convert import REPORT
    from face_jax.train.checkpoints import load_variables, newest_step

    step = newest_step(args.checkpoint)
    variables, config = load_variables(args.checkpoint)
    networks = {name: count_parameters(tree) for name, tree in variables.items()}
    print("\n".join(_checkpoint_lines(config, step, networks)))
    report = args.checkpoint / REPORT
    if report.is_file():
        found = json.loads(report.read_text(encoding="utf-8"))
        print("\n".join(_conversion_lines(found, args.names)))
    return 0


def _checkpoint_lines(
    config: Mapping[str, Any], step: int, networks: Mapping[str, int]
) -> list[str]:
    lines = [f"system: {config['system']}", f"newest step: {step}", "networks:"]
    lines += [f"  {name}: {count:,} numbers" for name, count in networks.items()]
    settings = json.dumps(config["task"], indent=1, default=str)
    return [*lines, f"task: {settings}"]


def _conversion_lines(report: Mapping[str, Any], with_names: bool) -> list[str]:
    lines = [
        f"converted from: {report['title']}",
        f"terms: {report['terms']}",
        "files:",
    ]
    lines += [
        f"  {file['name']}: {file['bytes']:,} bytes, SHA-256 {file['sha256']}"
        for file in report["files"]
    ]
    ignored = ", ".join(report["ignored"]) or "nothing"
    lines += [f"used: {len(report['used'])} arrays", f"not used: {ignored}"]
    if with_names:
        lines += [f"  {name} {shape}" for name, shape in report["used"].items()]
    return lines
