"""The console command ``face-jax``: one sub-command per task.

Each sub-command is a module with ``DESCRIPTION``, ``EPILOG`` (examples),
``add_arguments(parser)`` and ``main(args)``. It is imported only when it is called, so
that ``face-jax --help`` is instant and imports no JAX.
"""

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

import face_jax
from face_jax.cli.exit_codes import EXPECTED, ExitCode, tell
from face_jax.cli.freed_memory import keep_freed_memory

COMMANDS = {
    "train": ("face_jax.cli.train", "train a model from a config file"),
    "reenact": ("face_jax.cli.reenact", "drive the face of a picture by a video"),
    "reconstruct": (
        "face_jax.cli.reconstruct",
        "find the 3D heads in pictures and videos",
    ),
    "recognize": (
        "face_jax.cli.recognize",
        "recognise expressions in pictures and videos, covered faces too",
    ),
    "convert": (
        "face_jax.cli.convert",
        "make a checkpoint of published weights, without PyTorch",
    ),
    "to-torch": (
        "face_jax.cli.to_torch",
        "write a checkpoint's weights for PyTorch, by published names",
    ),
    "export": (
        "face_jax.cli.export",
        "write a model as programs that run without this library",
    ),
    "info": ("face_jax.cli.info", "show what a checkpoint holds"),
    "evaluate": ("face_jax.cli.evaluate", "measure a model, by the task it is for"),
    "demo": (
        "face_jax.cli.demo",
        "train a small model on one clip and show the result",
    ),
    "cross-validate": (
        "face_jax.cli.cross_validate",
        "train Latent-OFER's recogniser on with your pictures, and measure it",
    ),
    "fit": ("face_jax.cli.fit", "find the head behind a picture by its gradients"),
    "bench": ("face_jax.cli.bench", "time training and rendering on this machine"),
    "plan": ("face_jax.cli.plan", "cost a training step on chips that are not here"),
    "prepare": ("face_jax.cli.prepare", "make head models and data sets, once"),
}
"""Name of each sub-command to its module and what it does."""

KEEPING_PROGRAMS = (
    "train",
    "reenact",
    "reconstruct",
    "recognize",
    "evaluate",
    "demo",
    "cross-validate",
    "fit",
    "prepare",
)
"""Sub-commands that take compiled programs from the cache, and leave them there. Those
that measure compilation, or look into what was compiled, compile anew."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one sub-command.

    Args:
      argv: arguments without the program's name; None takes the process's.

    Returns:
      The exit status, see ``ExitCode``. What is wrong is told in one line on stderr.

    Raises:
      SystemExit: after ``--help`` and ``--version`` (0), and for arguments that do not
        parse (2).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = _top_level_parser().parse_args(arguments[:1]).command
    module = importlib.import_module(COMMANDS[name][0])
    parser = _command_parser(name, module.DESCRIPTION, module.EPILOG)
    module.add_arguments(parser)
    args = parser.parse_args(arguments[1:])
    # JAX reports at every start which accelerators the machine does not have.
    logging.getLogger("jax").setLevel(logging.WARNING)
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    # Orbax and others announce routine work at INFO.
    logging.getLogger("absl").setLevel(logging.WARNING)
    # Of a failed write Orbax leaves tasks behind whose error has been told.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    if name in KEEPING_PROGRAMS:
        # Imported here: `face-jax --help` imports no JAX.
        from face_jax.cli.compilation_cache import enable_compilation_cache

        enable_compilation_cache()
    return _guarded(parser.prog, module.main, args)


def run() -> None:
    """Entry point of the installed ``face-jax`` command."""
    keep_freed_memory()
    raise SystemExit(main())


def _guarded(prog: str, function, args: argparse.Namespace) -> int:
    try:
        status = function(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer is lost silently, not with an error at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.CLOSED_PIPE
    except EXPECTED as error:
        if args.debug:
            raise
        return tell(prog, error)
    except KeyboardInterrupt:
        if args.debug:
            raise
        print(f"{prog}: interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    return status or ExitCode.DONE


def _top_level_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="face-jax",
        description="Face models in JAX: train them, and animate faces with them.",
        epilog=_list_of_commands(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"face-jax {face_jax.__version__}"
    )
    parser.add_argument(
        "command",
        choices=COMMANDS,
        metavar="COMMAND",
        help="what to do; `face-jax COMMAND --help` tells the rest",
    )
    return parser


def _list_of_commands() -> str:
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:<{width}}{purpose}" for name, (_, purpose) in COMMANDS.items()]
    return "commands:\n" + "\n".join(lines)


def _command_parser(
    name: str, description: str, epilog: str
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"face-jax {name}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--debug", action="store_true", help="on an error show where it came from"
    )
    return parser


if __name__ == "__main__":
    run()
