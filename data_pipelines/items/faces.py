"""Which pictures of a collection of faces become items, in training and evaluation."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from data_pipelines.items.base import Item
from data_pipelines.items.frames import spread
from data_pipelines.sources.base import UnusableClip
from data_pipelines.sources.faces import FaceCollection, FacePicture


class FaceFrame(NamedTuple):
    """One evaluation item.

    Attributes:
      row: number of the picture or clip in its source.
      frame: number of the frame in the clip; 0 of a picture.
    """

    row: int
    frame: int


def rows_of_group(
    source: FaceCollection, index: int, rng: np.random.Generator
) -> Iterator[int]:
    """Rows to try: those of a group in random order, then those of the next one."""
    for shift in range(len(source.groups)):
        rows = source.groups[(index + shift) % len(source.groups)]
        yield from rng.permutation(rows).tolist()


def first_usable(
    source: FaceCollection,
    rows: Iterable[int],
    rng: np.random.Generator,
    make: Callable[[FacePicture, int], Item],
) -> Item:
    """An item of the first of these rows that can be used, of a random frame of it.

    Args:
      source: the collection; its report gets what cannot be used.
      rows: to try, in this order.
      rng: the item's generator.
      make: the item of a picture and its row; may raise ``UnusableClip``.

    Raises:
      ValueError: none of the rows can be used.
    """
    for row in rows:
        try:
            frame = int(rng.choice(source.frames(row)))
            return make(source.face(row, frame), row)
        except UnusableClip as error:
            source.report.add(error)
    raise ValueError(f"no item can be made: {source.report.summary()}")


def face_frames(
    source: FaceCollection, frames_per_clip: int | None = None
) -> list[FaceFrame]:
    """All pictures, and the frames of all clips, in the order of the source.

    Args:
      source: the collection; its report gets what cannot be used.
      frames_per_clip: frames of each clip, evenly spread. None: all of them.

    Raises:
      ValueError: nothing can be used.
    """
    records: list[FaceFrame] = []
    for row in range(len(source)):
        try:
            frames = source.frames(row)
        except UnusableClip as error:
            source.report.add(error)
            continue
        if frames_per_clip is not None and frames_per_clip < len(frames):
            frames = spread(frames, frames_per_clip)
        records += [FaceFrame(row, int(frame)) for frame in frames]
    if not records:
        raise ValueError(f"no evaluation item: {source.report.summary()}")
    return records
