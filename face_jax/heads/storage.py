"""Head models as one plain ``.npz`` file each: arrays and JSON, nothing executable."""

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from face_jax.array_files import check_name, write_arrays
from face_jax.geometry.head import HeadModel, LandmarkEmbedding
from face_jax.heads.checks import check_head

FORMAT = "face_jax head"
VERSION = 1

BASES = ("identity_basis", "expression_basis")
"""Fields that may be stored as 16-bit whole numbers."""
ARRAYS = (
    "template",
    "faces",
    *BASES,
    "eyelid_basis",
    "joint_regressor",
    "pose_correctives",
    "skinning_weights",
    "uvs",
    "faces_uv",
    "face_materials",
)
TEXTS = (
    "name",
    "identity_names",
    "expression_names",
    "joint_names",
    "joint_parents",
    "material_names",
    "licence",
)
"""Static fields, kept as JSON in the entry ``head``."""

_INTEGERS = ("faces", "faces_uv", "face_materials")
_LARGEST = 32767


def save_head(
    path: str | os.PathLike[str], head: HeadModel, *, compact: bool = False
) -> None:
    """Writes a head model.

    Args:
      path: where it goes; ends in ``.npz``. The file appears under this name when it
        is complete.
      head: the head.
      compact: stores the identity and expression bases as int16 with one scale per
        direction, about a third of the size. A displacement is then off by at most
        the direction's largest component / 65534: under a micrometre for 5 cm. All
        else, and the whole file without it, is exact.

    Raises:
      ValueError: the name has another ending, or the head's arrays do not fit together.
    """
    path = check_name(path)
    check_head(head, head.name or "head")
    contents = _arrays(head)
    if compact:
        contents |= _quantised(head)
    contents["head"] = np.array(json.dumps(_texts(head)))
    write_arrays(path, contents)


def load_head(path: str | os.PathLike[str]) -> HeadModel:
    """Reads a head model that ``save_head`` wrote.

    Args:
      path: the file.

    Returns:
      The head, its arrays on the default device.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is damaged, is no head model, is of a later version of the
        format, or holds arrays that do not fit together.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such head model")
    contents = _read(path)
    texts = _check_format(path, contents)
    try:
        head = _build(contents, texts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path}: damaged head model ({type(error).__name__}: {error})"
        ) from error
    check_head(head, str(path))
    return head


def _texts(head: HeadModel) -> dict[str, Any]:
    static = {field: getattr(head, field) for field in TEXTS}
    return {"format": FORMAT, "version": VERSION, **static}


def _arrays(head: HeadModel) -> dict[str, Any]:
    found = {name: getattr(head, name) for name in ARRAYS}
    contents: dict[str, Any] = {
        name: np.asarray(array, np.int32 if name in _INTEGERS else np.float32)
        for name, array in found.items()
        if array is not None
    }
    for name, embedding in head.landmarks.items():
        contents[f"landmarks/{name}/faces"] = np.asarray(embedding.faces, np.int32)
        contents[f"landmarks/{name}/bary"] = np.asarray(embedding.bary, np.float32)
    for name, mask in head.regions.items():
        contents[f"regions/{name}"] = np.asarray(mask, bool)
    return contents


def _quantised(head: HeadModel) -> dict[str, np.ndarray]:
    contents = {}
    for field in BASES:
        basis = np.asarray(getattr(head, field), np.float32)
        scale = np.abs(basis).max(axis=(0, 1), initial=0.0) / np.float32(_LARGEST)
        steps = np.rint(basis / np.where(scale > 0, scale, 1))
        contents[field] = steps.astype(np.int16)
        contents[f"{field}_scale"] = scale
    return contents


def _read(path: Path) -> dict[str, np.ndarray]:
    # numpy takes other files for arrays or pickles and says so.
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path}: not a readable .npz file (it is no zip archive)")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    # Foreign, cut, encrypted and oversized files each fail in a way of their own.
    except (
        *(zipfile.BadZipFile, zlib.error, ValueError, EOFError, TypeError),
        *(AttributeError, NotImplementedError, RuntimeError, MemoryError),
    ) as e:
        raise ValueError(f"{path}: not a readable .npz file ({e})") from e


def _check_format(path: Path, contents: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
    try:
        texts = json.loads(str(contents["head"]))
        known = texts["format"] == FORMAT and isinstance(texts["version"], int)
    except (KeyError, TypeError, ValueError):
        known = False
    if not known:
        raise ValueError(
            f"{path}: not a head model; `face-jax prepare head` makes one from its "
            "owners' files"
        )
    if texts["version"] > VERSION:
        raise ValueError(
            f"{path}: head model of format {texts['version']}, this version of "
            f"face-jax reads up to {VERSION}"
        )
    return texts


def _build(contents: Mapping[str, np.ndarray], texts: Mapping[str, Any]) -> HeadModel:
    arrays = {name: contents[name] for name in ARRAYS if name in contents}
    for field in BASES:
        if f"{field}_scale" in contents:
            arrays[field] = arrays[field] * contents[f"{field}_scale"]
    static: dict[str, Any] = {
        field: texts[field] if isinstance(texts[field], str) else tuple(texts[field])
        for field in TEXTS
    }
    fields: dict[str, Any] = {name: jnp.asarray(a) for name, a in arrays.items()}
    fields |= {"landmarks": _landmarks(contents)}
    fields |= {"regions": _below(contents, "regions")}
    return HeadModel(**fields, **static)


def _landmarks(contents: Mapping[str, np.ndarray]) -> dict[str, LandmarkEmbedding]:
    parts = _below(contents, "landmarks")
    names = {part.rpartition("/")[0] for part in parts}
    return {
        name: LandmarkEmbedding(
            faces=jnp.asarray(parts[f"{name}/faces"]),
            bary=jnp.asarray(parts[f"{name}/bary"]),
        )
        for name in sorted(names)
    }


def _below(contents: Mapping[str, np.ndarray], folder: str) -> dict[str, Any]:
    """Entries whose name begins with a folder, by the rest of the name."""
    start = f"{folder}/"
    return {
        name.removeprefix(start): jnp.asarray(array)
        for name, array in contents.items()
        if name.startswith(start)
    }
