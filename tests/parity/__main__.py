"""Compares face_jax with golden data: ``python -m tests.parity PATH...``."""

import argparse
import sys

import jax

from tests.parity.runner import find_files, run_file


def main(arguments: list[str] | None = None) -> int:
    """Runs all files; 0 when every output of every file passes, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=__doc__)
    parser.add_argument("paths", nargs="+", metavar="FILE_OR_FOLDER")
    paths = parser.parse_args(arguments).paths
    jax.config.update("jax_default_matmul_precision", "highest")
    try:
        files = find_files(paths)
    except FileNotFoundError as error:
        print(f"FAIL  {error}")
        return 1
    failed = [path for path in files if not run_file(path)]
    print(f"{len(files) - len(failed)} of {len(files)} files pass")
    for path in failed:
        print(f"FAIL  {path}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
