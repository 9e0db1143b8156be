"""``face-jax prepare``: makes once what other commands start from."""

import argparse

from data_pipelines.prepare.layouts import LAYOUTS
from face_jax.cli.words import add_words

DESCRIPTION = "Makes once what other commands start from."
EPILOG = """examples:
  face-jax prepare head ict ICT-FaceKit --fetch --out heads/ict.npz
  face-jax prepare synthetic --images 2000 --clips 40 --out data/synthetic
  face-jax prepare raf_db --root RAF-DB/basic --out data/raf_db
  face-jax prepare head --help
"""

KINDS = {
    "head": ("face_jax.cli.prepare_head", "a head model, from its owners' files"),
    "synthetic": ("face_jax.cli.prepare_synthetic", "pictures of synthetic faces"),
    "templates": ("face_jax.cli.prepare_templates", "expressions for SMIRK's training"),
    **{
        word: ("face_jax.cli.prepare_dataset", f"records of {layout.title}")
        for word, layout in LAYOUTS.items()
    },
}
"""What can be prepared: word to its module and what it makes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_words(parser, KINDS)


def main(args: argparse.Namespace) -> int:
    """Prepares what the arguments say; returns the exit status."""
    return args.act(args)
