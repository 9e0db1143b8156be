"""``face-jax prepare``: makes once what other commands start from.

What can be prepared is a module per word, with ``DESCRIPTION``, ``EPILOG``,
``add_arguments(parser)`` and ``main(args)`` like a command's. The modules are imported
to describe the command line, so they import JAX in ``main`` only.
"""

import argparse
import importlib

DESCRIPTION = "Makes once what other commands start from."
EPILOG = """examples:
  face-jax prepare head ict ICT-FaceKit --fetch --out heads/ict.npz
  face-jax prepare synthetic --images 2000 --clips 40 --out data/synthetic
  face-jax prepare head --help
"""

KINDS = {
    "head": ("face_jax.cli.prepare_head", "a head model, from its owners' files"),
    "synthetic": ("face_jax.cli.prepare_synthetic", "pictures of synthetic faces"),
    "templates": ("face_jax.cli.prepare_templates", "expressions for SMIRK's training"),
}
"""What can be prepared: word to its module and what it makes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    kinds = parser.add_subparsers(dest="kind", metavar="WHAT", required=True)
    for word, (name, purpose) in KINDS.items():
        module = importlib.import_module(name)
        below = kinds.add_parser(
            word,
            help=purpose,
            description=module.DESCRIPTION,
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(below)
        below.set_defaults(prepare=module.main)


def main(args: argparse.Namespace) -> int:
    """Prepares what the arguments say; returns the exit status."""
    return args.prepare(args)
