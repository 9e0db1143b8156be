"""The clip that drives: which part of it, which crop, and its frames in chunks."""

import dataclasses
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np

from data_pipelines.landmarks.finders import FaceFinder
from data_pipelines.transforms.crops import crop_resize
from data_pipelines.video import iterate_frames, probe
from face_jax.cli.faces import DEFAULT_RULE, CropRule, FaceCrops, find_crops
from face_jax.fsrt.streaming import DrivingChunk


@dataclasses.dataclass(frozen=True)
class Driver:
    """The clip that drives.

    Attributes:
      path: the video file.
      frame_rate: frames per second.
      crops: where the face lies in every frame of the file.
      start: first frame to use.
      stop: frame after the last one to use.
    """

    path: Path
    frame_rate: Fraction
    crops: FaceCrops
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def open_driver(
    path: Path,
    landmark_file: Path | None = None,
    rule: CropRule = DEFAULT_RULE,
    start: float = 0.0,
    end: float | None = None,
    finder: FaceFinder | None = None,
) -> Driver:
    """Looks at a driving clip; only a finder decodes it.

    Args:
      path: the clip.
      landmark_file: its landmarks; None looks for a file of the same name beside it.
      rule: what is cut out of its frames.
      start: where to begin, seconds.
      end: where to stop, seconds; None for the end of the clip.
      finder: finds its face if no landmark file is given.

    Returns:
      The driver.

    Raises:
      FileNotFoundError: a file does not exist.
      ValueError: the clip is unreadable, its landmarks are those of another clip, or
        no frame lies between ``start`` and ``end``.
    """
    info = probe(path)
    size = (info.width, info.height)
    first = round(start * info.fps)
    last = info.frames if end is None else min(round(end * info.fps), info.frames)
    if not 0 <= first < last:
        raise ValueError(
            f"{path}: a part of the clip's {info.duration:.2f} s expected, got "
            f"{start} s to {'its end' if end is None else f'{end} s'}"
        )
    crops = find_crops(path, landmark_file, info.frames, size, rule, finder)
    return Driver(path, info.fps, crops, first, last)


def driving_chunks(
    driver: Driver, size: int, chunk: int, shown: int | None = None
) -> Iterator[DrivingChunk]:
    """Reads a driver, a few frames in memory at a time.

    Args:
      driver: the clip.
      size: side of the model's pictures, pixels.
      chunk: frames per chunk.
      shown: side of the crops to show, pixels; None for a result without the driver.

    Yields:
      Chunks in order, the last one possibly shorter.
    """
    frames = iterate_frames(driver.path, driver.start, driver.stop)
    crops, first = driver.crops, driver.start
    while some := list(islice(frames, chunk)):
        numbers = slice(first, first + len(some))
        pictures = [crops.cut(frame, first + i, size) for i, frame in enumerate(some)]
        yield DrivingChunk(
            frames=np.stack(pictures),
            landmark_keypoints=crops.keypoints(numbers),
            landmarks=None if crops.landmarks is None else crops.landmarks[numbers],
            valid=crops.valid[numbers],
            shown=None if shown is None else _shown(some, crops, first, shown),
        )
        first = numbers.stop


def _shown(
    frames: Sequence[np.ndarray], crops: FaceCrops, first: int, side: int
) -> np.ndarray:
    """Square crops of consecutive frames at the size in which they are shown."""
    boxes = crops.boxes[first:]
    return np.stack(
        [
            crop_resize(frame, box, side)
            for frame, box in zip(frames, boxes, strict=False)
        ]
    )
