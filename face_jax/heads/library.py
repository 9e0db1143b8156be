"""Head models by the name or file that a command line or a config gives."""

import os
from pathlib import Path

from face_jax.geometry.head import HeadModel
from face_jax.heads.storage import load_head

BUILT_IN = "procedural"


def head(name_or_path: str | os.PathLike[str]) -> HeadModel:
    """A head model.

    Args:
      name_or_path: ``procedural`` for the built-in head, else a file that
        ``face-jax prepare head`` wrote.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is no head model.
    """
    if name_or_path == BUILT_IN:
        from face_jax.heads.procedural import procedural_head

        return procedural_head()
    path = Path(name_or_path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such head; expected {BUILT_IN!r} or a file that `face-jax "
            "prepare head` wrote"
        )
    return load_head(path)
