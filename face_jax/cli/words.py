"""Commands whose first word says of what kind: ``face-jax prepare head``.

Each word is a module with ``DESCRIPTION``, ``EPILOG``, ``add_arguments(parser)`` and
``main(args)`` like a command's. The modules are imported to describe the command line, so
they import JAX in ``main`` only.
"""

import argparse
import importlib
from collections.abc import Mapping


def add_words(
    parser: argparse.ArgumentParser, words: Mapping[str, tuple[str, str]]
) -> None:
    """Declares the words that may follow a command.

    Args:
      parser: of the command; its arguments get the chosen word's ``main`` as ``act``.
      words: each to the name of its module and what it does.
    """
    below = parser.add_subparsers(dest="word", metavar="WHAT", required=True)
    for word, (name, purpose) in words.items():
        module = importlib.import_module(name)
        described = below.add_parser(
            word,
            help=purpose,
            description=module.DESCRIPTION,
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(described)
        described.set_defaults(act=module.main)
