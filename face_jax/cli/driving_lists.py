"""Lists of what is evaluated: JSON files that name clips, and pairs of sources and clips.

``{"self_reenactment": {"clips": [PATH, ...]}, "cross_reenactment": {"pairs": [[SOURCE,
CLIP], ...]}}``; paths are relative to the list. Landmark files lie at the same relative
paths below the folder of landmarks, or by their names alone in it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data_pipelines.landmarks.face_points import find_points
from face_jax.cli.footage import Input

CLIPS, PAIRS = "self_reenactment.clips", "cross_reenactment.pairs"
"""Where they stand in a list."""


def is_list(data: Sequence[Path]) -> bool:
    """Whether what was given is one list."""
    return len(data) == 1 and data[0].suffix == ".json"


def read_clips(path: Path, landmarks: Sequence[Path]) -> list[Input]:
    """The clips of a list, named by their relative paths.

    Args:
      path: the list.
      landmarks: at most one folder; without, landmarks are looked for beside the clips.

    Raises:
      FileNotFoundError: there is no such list.
      ValueError: it is no list of clips, or the landmarks are no folder.
    """
    return _inputs(path, CLIPS, _read(path, CLIPS), landmarks)


def read_pairs(path: Path, landmarks: Sequence[Path]) -> list[tuple[Input, Input]]:
    """Sources and the clips that drive them; arguments as for ``read_clips``."""
    pairs = [_inputs(path, PAIRS, pair, landmarks) for pair in _read(path, PAIRS)]
    for pair in pairs:
        if len(pair) != 2:
            raise ValueError(
                f"{path}: expected pairs of a source and a clip at {PAIRS}, got "
                f"{len(pair)} paths"
            )
    return [(source, driving) for source, driving in pairs]


def _read(path: Path, key: str) -> list[Any]:
    """What stands at a key of a list."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: expected a JSON file: {error}") from error
    for name in key.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, list) or not found:
        raise ValueError(f"{path}: expected a list at {key}, got {found!r}")
    return found


def _inputs(
    path: Path, key: str, listed: Any, landmarks: Sequence[Path]
) -> list[Input]:
    if not isinstance(listed, list) or not all(isinstance(p, str) for p in listed):
        raise ValueError(f"{path}: expected paths at {key}, got {listed!r}")
    if landmarks and not (len(landmarks) == 1 and landmarks[0].is_dir()):
        raise ValueError(f"--landmarks: expected one folder, got {landmarks[0]}")
    folder = landmarks[0] if landmarks else path.parent
    return [_input(path.parent, Path(below), folder) for below in listed]


def _input(root: Path, below: Path, folder: Path) -> Input:
    stem = below.with_name(below.stem)
    found = None
    for place in (stem, Path(below.stem)):
        try:
            found = find_points(folder, place)
            break
        except FileNotFoundError:
            continue
    return Input(root / below, found, str(stem), from_folder=False)
