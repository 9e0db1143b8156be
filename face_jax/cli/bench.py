"""``face-jax bench``: how fast the library's costly parts are, here or on other chips."""

import argparse

from face_jax.cli.words import add_words

DESCRIPTION = """\
Times the library's costly parts on this machine; with --chips it tells what they cost at
least on TPUs that are not here."""
EPILOG = """examples:
  face-jax bench all --out bench.json
  face-jax bench fsrt --sides 256
  face-jax bench fsrt --sides 256 --chips v5e v6e
  face-jax bench render
  face-jax bench data --config configs/fsrt/vox256.py --set data.clips.path=clips
  face-jax bench train --config configs/fsrt/vox256.py --batch-sizes 4 8 16
"""

PARTS = {
    "all": ("face_jax.cli.bench_all", "all networks and the renderer, in one run"),
    "smirk": ("face_jax.cli.bench_smirk", "SMIRK: pictures to drawn faces"),
    "latent-ofer": (
        "face_jax.cli.bench_latent_ofer",
        "Latent-OFER: detect, reconstruct, recognise",
    ),
    "fsrt": ("face_jax.cli.bench_fsrt", "FSRT's parts, fast and as they are defined"),
    "render": ("face_jax.cli.bench_render", "the renderer, against its dense oracle"),
    "data": ("face_jax.cli.bench_data", "the input of a config's training"),
    "train": ("face_jax.cli.bench_train", "the training step of a config"),
}
"""What can be timed: word to its module and what it times. Modules with a function
``cases(args)`` are timed together by ``all``, each as it is without flags."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_words(parser, PARTS)


def main(args: argparse.Namespace) -> int:
    """Times what the arguments say; returns the exit status."""
    return args.act(args)
