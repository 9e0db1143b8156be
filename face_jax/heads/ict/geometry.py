"""The OBJ folder of ICT-FaceKit as arrays.

The folder ``FaceXModel`` holds one mesh per direction, each the neutral head moved by
one unit of it: ``identity000.obj`` to ``identity099.obj`` are principal components
whose weights are standard normal, the others expressions at full strength.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from face_jax.heads.ict.anatomy import (
    EXPRESSIONS,
    NUM_FACES,
    NUM_IDENTITIES,
    NUM_VERTICES,
    REPOSITORY,
)
from face_jax.heads.ict.obj import ObjMesh, read_mesh, read_vertices

FOLDER = "FaceXModel"
NEUTRAL = "generic_neutral_mesh"
IDENTITIES = tuple(f"identity{number:03d}" for number in range(NUM_IDENTITIES))

_NAMED = 5
"""Most missing files that a message names."""


@dataclasses.dataclass(frozen=True)
class IctFiles:
    """The files to read.

    Attributes:
      folder: ``FaceXModel``.
      identities: names of the identity directions, each a file.
      expressions: names of the expressions, each a file.
    """

    folder: Path
    identities: tuple[str, ...]
    expressions: tuple[str, ...]

    def __len__(self) -> int:
        return 1 + len(self.identities) + len(self.expressions)

    def path(self, name: str) -> Path:
        """File of a mesh."""
        return self.folder / f"{name}.obj"


@dataclasses.dataclass(frozen=True)
class IctGeometry:
    """Everything that the OBJ files say, in their units and order.

    Attributes:
      neutral: the mean neutral head; 26719 vertices in centimetres, x to the subject's
        left, y up, z forward; 26384 faces.
      identities: names of the identity directions.
      identity_shapes: [n, 26719, 3] float32 centimetres per unit.
      expressions: names of the expression directions.
      expression_shapes: [m, 26719, 3] float32 centimetres at full strength.
    """

    neutral: ObjMesh
    identities: tuple[str, ...]
    identity_shapes: np.ndarray
    expressions: tuple[str, ...]
    expression_shapes: np.ndarray


def find_files(
    path: Path,
    *,
    identities: int = NUM_IDENTITIES,
    expressions: Sequence[str] = EXPRESSIONS,
    allow_missing: bool = False,
) -> IctFiles:
    """Looks for the owners' OBJ files.

    Args:
      path: the repository's folder, or ``FaceXModel`` in it.
      identities: how many identity directions to take, the strongest first.
      expressions: names of the expressions to take.
      allow_missing: leaves out directions whose files are not there.

    Raises:
      FileNotFoundError: the folder, the neutral mesh or, unless ``allow_missing``, one
        of the asked-for files is not there; the message names them.
      ValueError: a number or name is unknown.
    """
    if not 0 <= identities <= NUM_IDENTITIES:
        raise ValueError(
            f"identities: expected a number from 0 to {NUM_IDENTITIES}, got "
            f"{identities}"
        )
    for name in expressions:
        if name not in EXPRESSIONS:
            raise ValueError(f"expressions: {name!r} is none of ICT-FaceKit's")
    files = IctFiles(_find_folder(path), IDENTITIES[:identities], tuple(expressions))
    names = files.identities + files.expressions
    missing = [name for name in names if not files.path(name).is_file()]
    if missing and not allow_missing:
        raise FileNotFoundError(_missing_message(files.folder, missing))
    return IctFiles(
        files.folder,
        tuple(name for name in files.identities if name not in missing),
        tuple(name for name in files.expressions if name not in missing),
    )


def read_files(
    files: IctFiles, on_progress: Callable[[int], None] | None = None
) -> IctGeometry:
    """Reads the owners' OBJ files.

    Args:
      files: which.
      on_progress: called with the number of files read so far.

    Raises:
      ValueError: a file is not of this model; the message names it.
    """
    neutral = read_mesh(files.path(NEUTRAL))
    check_neutral(neutral, str(files.path(NEUTRAL)))
    names = files.identities + files.expressions
    shapes = np.zeros((len(names), NUM_VERTICES, 3), np.float32)
    for row, name in enumerate(names):
        if on_progress is not None:
            on_progress(1 + row)
        shapes[row] = _displacement(files.path(name), neutral.vertices)
    if on_progress is not None:
        on_progress(len(files))
    first = len(files.identities)
    return IctGeometry(
        neutral, files.identities, shapes[:first], files.expressions, shapes[first:]
    )


def check_neutral(neutral: ObjMesh, where: str) -> None:
    """Checks that a mesh has the size of the model whose parts are known.

    Raises:
      ValueError: it has not.
    """
    for what, count, expected in (
        ("vertices", len(neutral.vertices), NUM_VERTICES),
        ("faces", len(neutral.faces), NUM_FACES),
    ):
        if count != expected:
            raise ValueError(
                f"{where}: expected the ICT Face Model Light with {expected} {what}, "
                f"got {count}"
            )


def _find_folder(path: Path) -> Path:
    for folder in (path, path / FOLDER):
        if (folder / f"{NEUTRAL}.obj").is_file():
            return folder
    what = f"holds no {NEUTRAL}.obj" if path.is_dir() else "no such folder"
    raise FileNotFoundError(
        f"{path}: {what}; expected ICT-FaceKit's folder {FOLDER}, or the folder of "
        f"{REPOSITORY} with it"
    )


def _missing_message(folder: Path, missing: Sequence[str]) -> str:
    named = ", ".join(f"{name}.obj" for name in missing[:_NAMED])
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return (
        f"{folder}: not complete, {named}{more} missing; `--allow-missing` imports "
        "what is there"
    )


def _displacement(path: Path, neutral: np.ndarray) -> np.ndarray:
    vertices = read_vertices(path)
    if vertices.shape != neutral.shape:
        raise ValueError(
            f"{path}: expected {len(neutral)} vertices like {NEUTRAL}.obj, got "
            f"{len(vertices)}"
        )
    return vertices - neutral
