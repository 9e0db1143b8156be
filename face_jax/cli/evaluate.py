"""``face-jax evaluate``: measures models, and writes what they score and where they fail."""

import argparse

from face_jax.cli.words import add_words

DESCRIPTION = """\
Measures a trained or converted model. Every task writes report.json (scores, their
definitions, and all that is needed to repeat them), report.md, tables of single frames or
pictures, plots, and sheets of the worst."""
EPILOG = """examples:
  face-jax evaluate self-reenactment --checkpoint runs/demo --data clips --out report
  face-jax evaluate recognition --checkpoint runs/ofer --data data/raf_db --out report
  face-jax evaluate heads --checkpoint runs/smirk --out report
  face-jax evaluate cross-reenactment --help
"""

TASKS = {
    "self-reenactment": (
        "face_jax.cli.evaluate_self_reenactment",
        "FSRT: clips driven by themselves, against their own frames",
    ),
    "cross-reenactment": (
        "face_jax.cli.evaluate_cross_reenactment",
        "FSRT: people driven by clips of others",
    ),
    "held-out": (
        "face_jax.cli.evaluate_held_out",
        "FSRT: frames that training left out of the clips it saw, with ablations",
    ),
    "people": (
        "face_jax.cli.evaluate_people",
        "FSRT: unseen synthetic people, against the rendered truth",
    ),
    "reconstruction": (
        "face_jax.cli.evaluate_reconstruction",
        "SMIRK: heads found in prepared pictures, against their landmarks",
    ),
    "heads": (
        "face_jax.cli.evaluate_heads",
        "SMIRK: unseen synthetic people, against their true heads",
    ),
    "scan": (
        "face_jax.cli.evaluate_scan",
        "a neutral mesh against a scan of the face, by the rules of NoW",
    ),
    "recognition": (
        "face_jax.cli.evaluate_recognition",
        "Latent-OFER: expressions found in prepared pictures, against their labels",
    ),
    "occlusion": (
        "face_jax.cli.evaluate_occlusion",
        "Latent-OFER: detection, de-occlusion and recognition of covered faces",
    ),
}
"""What can be measured: word to its module and what it measures."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_words(parser, TASKS)


def main(args: argparse.Namespace) -> int:
    """Measures what the arguments say; returns the exit status."""
    return args.act(args)
