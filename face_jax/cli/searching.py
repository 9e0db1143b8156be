"""Faces looked for in the pixels of pictures and clips, with progress on the console."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data_pipelines.landmarks.files import fill_gaps
from data_pipelines.landmarks.finders import FaceFinder
from data_pipelines.landmarks.following import FaceTrack
from data_pipelines.video import VideoReader
from face_jax.cli.progress import Progress

LONGEST_GAP = 3
"""Frames between two in which a finder sees the face, beyond which those between have
none: one or two are blurred perhaps, more show nobody."""


def search(
    path: Path,
    num_frames: int,
    frame_size: tuple[int, int],
    finder: FaceFinder,
    still: np.ndarray | None = None,
) -> FaceTrack:
    """Follows a face through a clip, or finds it in a picture.

    Args:
      path: the file.
      num_frames: of the clip; 1 of a picture.
      frame_size: (width, height) of the frames.
      finder: finds the faces.
      still: the picture itself, uint8 [H, W, 3]; None of a clip.

    Returns:
      The track, a row for each frame; frames that cannot be decoded have no face.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: it cannot be read.
    """
    if still is not None:
        return finder.follow([still], frame_size)
    with Progress(num_frames, "frames searched") as progress:
        return finder.follow(_frames(path), frame_size, progress.update)


def fill_short_gaps(
    track: FaceTrack,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """A track without its shortest gaps.

    Returns:
      Float32 [T, 68 or 478, 2] pixels, None where all that is known are boxes; float32
      [T, 4] boxes; and bool [T], where both are known.
    """
    frames, count = np.flatnonzero(track.valid), len(track)
    corners = track.boxes[frames].reshape(-1, 2, 2).astype(np.float32)
    boxes, known = fill_gaps(corners, frames, count, LONGEST_GAP)
    points = track.finest_points
    if points is not None:
        points, known = fill_gaps(points[frames], frames, count, LONGEST_GAP)
    return points, boxes.reshape(-1, 4), known


def _frames(path: Path) -> Iterator[np.ndarray | None]:
    with VideoReader(path, threads=0) as reader:
        yield from reader.iterate_readable()
