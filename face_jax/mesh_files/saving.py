"""Mesh files by the ending of their name, written whole or not at all."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from face_jax.mesh_files.glb import to_glb
from face_jax.mesh_files.obj import to_obj
from face_jax.mesh_files.ply import to_ply
from face_jax.mesh_files.surface import Surface

FORMATS: dict[str, Callable[[Surface], bytes]] = {
    ".glb": to_glb,
    ".obj": to_obj,
    ".ply": to_ply,
}


def save_mesh(path: str | os.PathLike[str], surface: Surface) -> None:
    """Writes one mesh.

    Args:
      path: ends in ``.obj`` (keeps count and order of the vertices), ``.ply`` or
        ``.glb`` (vertices on texture seams are doubled).
      surface: the mesh.

    Raises:
      NotADirectoryError: something above the path is a file.
      ValueError: the name has another ending.
    """
    path = Path(path)
    _write(path, _format(path)(surface))


def save_sequence(
    path: str | os.PathLike[str],
    surface: Surface,
    frames: ArrayLike,
    frames_per_second: float = 25.0,
) -> list[Path]:
    """Writes a mesh in motion.

    Args:
      path: ends in ``.glb`` for one file in which every frame is a morph target and an
        animation shows them in turn (for clips of up to some hundred frames); in
        ``.obj`` or ``.ply`` for a file per frame, ``talk.obj`` as ``talk_0000.obj``
        and so on, which importers of mesh sequences take.
      surface: the mesh; in a ``.glb`` it is what is seen without the animation.
      frames: [T, V, 3] float32 vertices.
      frames_per_second: of the animation.

    Returns:
      The files that were written.

    Raises:
      NotADirectoryError: something above the path is a file.
      ValueError: the name has another ending, or the frames have another shape.
    """
    path, frames = Path(path), np.asarray(frames, np.float32)
    write = _format(path)
    if (
        frames.ndim != 3
        or not len(frames)
        or frames.shape[1:] != surface.vertices.shape
    ):
        expected = f"[T, {len(surface.vertices)}, 3]"
        raise ValueError(f"frames: expected {expected}, got {list(frames.shape)}")
    if not 0 < frames_per_second < np.inf:
        raise ValueError(f"frames_per_second: {frames_per_second} is no rate")
    width = max(4, len(str(len(frames) - 1)))
    if path.suffix == ".glb":
        names = [f"frame_{number:0{width}d}" for number in range(len(frames))]
        times = np.arange(len(frames)) / frames_per_second
        _write(path, to_glb(surface, list(frames), names, times))
        return [path]
    files = [
        path.with_stem(f"{path.stem}_{number:0{width}d}")
        for number in range(len(frames))
    ]
    # All frames are checked before the first one is written.
    moved = [surface.with_vertices(vertices) for vertices in frames]
    for file, frame in zip(files, moved, strict=True):
        _write(file, write(frame))
    return files


def save_shapes(
    path: str | os.PathLike[str], surface: Surface, shapes: Mapping[str, ArrayLike]
) -> None:
    """Writes a mesh with named shapes to blend, as animators use them.

    Args:
      path: ends in ``.glb``; the shapes are its morph targets.
      surface: the mesh at rest.
      shapes: name to vertices [V, 3] at full strength.

    Raises:
      NotADirectoryError: something above the path is a file.
      ValueError: the name has another ending, there is no shape, or one has another
        number of vertices.
    """
    path = Path(path)
    if path.suffix != ".glb":
        raise ValueError(f"{path}: expected a name ending in .glb, which holds shapes")
    if not shapes:
        raise ValueError("shapes: expected at least one")
    moved = [surface.with_vertices(np.asarray(v)).vertices for v in shapes.values()]
    _write(path, to_glb(surface, moved, list(shapes)))


def _format(path: Path) -> Callable[[Surface], bytes]:
    if path.suffix not in FORMATS:
        raise ValueError(
            f"{path}: expected a name ending in one of {', '.join(FORMATS)}"
        )
    return FORMATS[path.suffix]


def _write(path: Path, contents: bytes) -> None:
    for place in path.parents:
        if place.exists() and not place.is_dir():
            raise NotADirectoryError(f"{path}: expected a folder, {place} is a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        temporary.write_bytes(contents)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
