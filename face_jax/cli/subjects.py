"""Clips of the data pipelines as subjects of an evaluation: where both halves meet."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines import build_source
from data_pipelines.items.frames import FrameSelection, select_frames
from data_pipelines.landmarks.schemas import (
    region_box,
    rescale_landmarks,
    semantic_keypoints,
)
from data_pipelines.sources.base import Clip as StoredClip
from data_pipelines.sources.base import ClipCollection
from data_pipelines.transforms.resize import resize_bilinear, to_uint8
from face_jax.fsrt.evaluation import Split
from face_jax.fsrt.model import Model
from face_jax.fsrt.scores import Clip
from face_jax.fsrt.suite import Subject
from face_jax.train.checkpoint_folders import runs_inside

REGIONS = ("mouth", "eyes")
"""Parts of the face that are measured besides the whole frame."""
HOLD_OUTS: tuple[FrameSelection, ...] = ("tail", "every_fifth")
"""Held-out parts of a clip; what is left is what training may use."""


def data_of_run(workdir: Path) -> dict[str, Any]:
    """The data block of the config that a run was trained with.

    Args:
      workdir: the work directory, or its checkpoint folder.

    Raises:
      FileNotFoundError: the work directory has no config.
    """
    root = workdir.parent if workdir.name == "checkpoints" else workdir
    path = root / "config.json"
    if not path.exists():
        raise FileNotFoundError(
            f"{path}: no such file; it says what was trained on{runs_inside(root)}"
        )
    return json.loads(path.read_text(encoding="utf-8"))["data"]


def data_with_clips(
    data: Mapping[str, Any], clips: Sequence[str], landmarks: str | None
) -> dict[str, Any]:
    """The data block of a config with its source replaced by the user's clips.

    Args:
      data: the block; what it says of ``clips`` besides their place is kept.
      clips: video files, or folders of frames.
      landmarks: folder of landmark files named like the clips, or the file of the
        only clip. With them clips are cropped to the face; None for clips whose middle
        square is the face.

    Returns:
      A new block.
    """
    block = {"crop": "clip", **(data.get("clips") or {})}
    block |= {"path": list(clips), "split": None, "landmarks": landmarks}
    if landmarks is not None:
        block["crop"] = "clip"
    return {**data, "source": "clips", "mixture": None, "clips": block}


def read_subjects(
    data: Mapping[str, Any],
    size: int,
    source: Sequence[int] | None = None,
    most: int | None = None,
) -> list[Subject]:
    """Reads all clips of a data block into memory.

    Args:
      data: the data block of a config.
      size: side of the model's pictures, pixels; frames of another size are resized
        as for training.
      source: numbers of the source frames; None takes the first usable training
        frame of each clip.
      most: frames of a hold-out to measure, evenly spread; None takes them all.

    Returns:
      One subject for each clip.

    Raises:
      ValueError: a clip cannot be used, or the block has a mixture of sources.
      FileNotFoundError: no such clip.
    """
    collection = build_source(data)
    rows = range(len(collection))
    found = [read_subject(collection, row, size, source, most) for row in rows]
    return _named_apart(found)


def read_subject(
    collection: ClipCollection,
    row: int,
    size: int,
    source: Sequence[int] | None = None,
    most: int | None = None,
) -> Subject:
    """Reads one clip of a collection into memory, arguments as ``read_subjects``."""
    stored = collection.clip(row)
    usable = {part: _usable(stored, part) for part in ("train", *HOLD_OUTS)}
    if not len(usable["train"]):
        raise ValueError(
            f"{stored.name}: no usable training frame among {stored.num_frames} frames"
        )
    chosen = tuple(int(f) for f in (source or usable["train"][:1]))
    _check_source(stored, chosen)
    frames = collection.frames(row, range(stored.num_frames))
    clip = describe_clip(stored, np.stack([_fit(frame, size) for frame in frames]))
    split = Split(usable["train"], {str(part): usable[part] for part in HOLD_OUTS})
    return Subject(clip, split if most is None else split.thinned(most), chosen)


def describe_clip(stored: StoredClip, frames: np.ndarray) -> Clip:
    """Adds keypoints, landmarks and regions to frames.

    Args:
      stored: the clip's description, in pixels of the stored frames.
      frames: uint8 [T, n, n, 3], its frames squeezed to the model's size.

    Returns:
      The clip in pixels of ``frames``.
    """
    name = Path(stored.name).stem
    if stored.landmarks is None:
        return Clip(name, frames)
    size = frames.shape[1]
    old_size = (stored.width, stored.height)
    landmarks = rescale_landmarks(stored.landmarks, old_size, (size, size))
    boxes = {region: region_box(landmarks, region) for region in REGIONS}
    unknown = ~stored.detected[:, None]
    return Clip(
        name=name,
        frames=frames,
        keypoints=(2 * semantic_keypoints(landmarks) + 1) / np.float32(size) - 1,
        landmarks=landmarks,
        regions={name: np.where(unknown, np.nan, box) for name, box in boxes.items()},
    )


def check_landmarks(model: Model, subjects: Sequence[Subject]) -> None:
    """Refuses clips without the landmarks that a model is driven by.

    Raises:
      ValueError: names the clip.
    """
    for subject in subjects:
        if model.networks.keypoints == "landmarks" and subject.clip.keypoints is None:
            raise ValueError(
                f"{subject.clip.name}: this model is driven by landmarks and the clip "
                "has none; give --landmarks"
            )


def _named_apart(subjects: Sequence[Subject]) -> list[Subject]:
    """Numbers clips of the same name, which come from different folders."""
    names = [subject.clip.name for subject in subjects]
    return [
        subject
        if names.count(name) == 1
        else dataclasses.replace(
            subject, clip=dataclasses.replace(subject.clip, name=f"{name}_{number}")
        )
        for number, (name, subject) in enumerate(zip(names, subjects, strict=True))
    ]


def _usable(stored: StoredClip, part: FrameSelection) -> np.ndarray:
    frames = select_frames(stored.num_frames, part)
    return frames[stored.detected[frames]]


def _fit(frame: np.ndarray, size: int) -> np.ndarray:
    if frame.shape[:2] == (size, size):
        return frame
    return to_uint8(resize_bilinear(frame, size))


def _check_source(stored: StoredClip, source: Sequence[int]) -> None:
    for frame in source:
        if not (0 <= frame < stored.num_frames and stored.detected[frame]):
            raise ValueError(
                f"{stored.name}: source frame {frame} is not one of its "
                f"{stored.num_frames} frames, or has no landmarks"
            )
