"""Fetches the owners' repository with git, when asked to."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from face_jax.heads.ict.anatomy import REPOSITORY


def fetch(path: Path, repository: str = REPOSITORY) -> None:
    """Clones ICT-FaceKit (about 400 MB of OBJ files), the newest commit alone.

    Args:
      path: the folder to make. It appears when the clone is complete.
      repository: address or folder to clone from.

    Raises:
      FileExistsError: the path exists already.
      OSError: git is not installed, or the clone failed; the message has git's reason.
    """
    if path.exists():
        raise FileExistsError(f"{path}: exists already; nothing was fetched")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        _clone(repository, partial)
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _clone(repository: str, folder: Path) -> None:
    command = ["git", "clone", "--quiet", "--depth", "1", repository, str(folder)]
    # Without a terminal to ask on, git waits for a password for ever.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        subprocess.run(
            command, env=environment, check=True, stderr=subprocess.PIPE, text=True
        )
    except FileNotFoundError as error:
        raise OSError(f"fetching {repository} needs git, which is not installed") from (
            error
        )
    except subprocess.CalledProcessError as error:
        reason = " ".join(error.stderr.split()) or f"git ended with {error.returncode}"
        raise OSError(f"{repository} cannot be fetched: {reason}") from error
