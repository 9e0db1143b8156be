"""``face-jax prepare head``: a head model in one file, from its owners' files."""

import argparse
from pathlib import Path

DESCRIPTION = """\
Writes a head model as one .npz file, which `face_jax.heads.library.head` and every
command with --head take.

No licensed head comes with this library: you get the files from their owners, under
their terms, and this command converts them once. The terms stay in the file."""
EPILOG = """examples:
  face-jax prepare head procedural --out heads/procedural.npz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    models = parser.add_subparsers(dest="model", metavar="MODEL", required=True)
    procedural = models.add_parser(
        "procedural", help="the built-in head, drawn by formulas"
    )
    _add_out(procedural)
    procedural.set_defaults(build=_procedural)


def main(args: argparse.Namespace) -> int:
    """Builds a head and writes it; returns the exit status."""
    from face_jax.heads.storage import save_head

    head = args.build(args)
    save_head(args.out, head)
    print(f"{args.out}: {head.name}, {len(head.template)} vertices")
    return 0


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FILE.npz", help="file to write"
    )


def _procedural(args: argparse.Namespace):
    from face_jax.heads.library import head

    return head("procedural")
