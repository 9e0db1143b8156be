"""Places that a command is told to write to, looked at before it starts to work."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

LARGEST_SEED = 2**32 - 1
"""More bits make no difference to random keys."""


def check_folder(path: Path, flag: str = "--out") -> None:
    """Refuses a folder to write into that cannot be one.

    Args:
      path: of the folder; need not exist.
      flag: that gave it.

    Raises:
      NotADirectoryError: it, or something above it, is a file.
    """
    for place in (path, *path.parents):
        if place.is_dir():
            return
        if place.exists():
            raise NotADirectoryError(
                f"{flag} {path}: expected a folder, {place} is a file"
            )


def check_file(path: Path, flag: str = "--out") -> None:
    """Refuses a file to write that cannot be one.

    Args:
      path: of the file; need not exist.
      flag: that gave it.

    Raises:
      IsADirectoryError: it is a folder.
      NotADirectoryError: something above it is a file.
    """
    if path.is_dir():
        raise IsADirectoryError(
            f"{flag} {path}: expected a file to write, got a folder"
        )
    check_folder(path.parent, flag)


@contextlib.contextmanager
def complete_files(folder: Path) -> Iterator[Path]:
    """Files that appear in a folder together, when all of them are written.

    Args:
      folder: where they shall be; made where needed. Files of the same names are
        replaced, others stay.

    Yields:
      A folder to write them into, which is no more after the block. If the block ends
      with an error, nothing is left of it, nor of folders that were made for it.
    """
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    partial.mkdir(parents=True)
    try:
        yield partial
        for path in sorted(p for p in partial.rglob("*") if p.is_file()):
            target = folder / path.relative_to(partial)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for place in new:
            with contextlib.suppress(OSError):
                place.rmdir()  # only where it is empty


def check_number(
    flag: str, value: float, least: float, most: float, step: int | None = None
) -> None:
    """Refuses a number out of its range.

    Args:
      flag: that gave it.
      value: the number.
      least: smallest one that is allowed.
      most: largest one that is allowed.
      step: it must be a multiple of it; None for any.

    Raises:
      ValueError: names the flag, what was expected and what came.
    """
    if least <= value <= most and not (step and value % step):
        return
    wanted = (
        f"{least} to {most}"
        if step is None
        else f"a multiple of {step}, {least} to {most}"
    )
    raise ValueError(f"{flag}: expected {wanted}, got {value}")
