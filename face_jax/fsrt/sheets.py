"""Pictures to look at: what was asked for, what came out, and where they differ."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from face_jax import viz
from face_jax.fsrt.cross_reenactment import CrossReenactment
from face_jax.fsrt.evaluation import HoldOut
from face_jax.fsrt.scores import Clip

CELL = 160
"""Width of a picture in a sheet, pixels; frames are enlarged by a whole factor."""
EMPTY = np.empty((0, 0, 3), np.uint8)
"""A cell without a picture."""
LARGEST_ERROR = 0.3
"""Mean absolute difference that error rows draw white."""


@dataclasses.dataclass(frozen=True)
class Sheet:
    """Named rows of pictures under common column titles.

    Attributes:
      rows: title to uint8 pictures [h, w, 3], one per column; ``EMPTY`` for none.
      columns: titles of the columns.
    """

    rows: Mapping[str, Sequence[np.ndarray]]
    columns: Sequence[str]

    def draw(self) -> np.ndarray:
        """The whole sheet as one uint8 picture [H, W, 3]."""
        return viz.grid(list(self.rows.values()), list(self.rows), self.columns)


def self_reenactment_sheet(
    clip: Clip, source: np.ndarray, hold_out: HoldOut, columns: int = 6
) -> Sheet:
    """Source, driving frame, result and error at some held-out frames, with crops.

    Args:
      clip: the whole clip.
      source: uint8 [H, W, 3], the first source frame.
      hold_out: what came out.
      columns: number of frames shown, spread evenly over the hold-out.

    Returns:
      One row each for source, driving, result, nearest training frame and error, then
      driving and result for every region of the clip.
    """
    chosen = spread(len(hold_out.indices), columns)
    target = clip.take(hold_out.indices[chosen])
    result, nearest = hold_out.result[chosen], hold_out.nearest[chosen]
    pairs = list(zip(result, target.frames, strict=True))
    rows = {
        "source": [cell(source)] * len(chosen),
        "driving": [cell(frame) for frame in target.frames],
        "result": [cell(frame) for frame in result],
        "nearest": [cell(frame) for frame in nearest],
        "error": [cell(viz.error_map(*pair, LARGEST_ERROR)) for pair in pairs],
    }
    for region, boxes in target.regions.items():
        rows[f"{region}: driving"] = _crops(target.frames, boxes)
        rows[f"{region}: result"] = _crops(result, boxes)
    return Sheet(rows, [f"frame {index}" for index in hold_out.indices[chosen]])


def cross_reenactment_sheet(
    cross: CrossReenactment, mode: str, frame: int = 0
) -> Sheet:
    """A matrix of pictures: sources down, drivers across, one frame of each driver.

    Args:
      cross: the pictures.
      mode: a key of ``cross.results``.
      frame: which of the rendered frames to show.

    Returns:
      A row of drivers, then a row for each source that begins with the source.
    """
    results = cross.results[mode][:, :, frame]
    rows = {"driver": [EMPTY, *(cell(d.frames[frame]) for d in cross.drivers)]}
    for source, pictures in zip(cross.sources, results, strict=True):
        rows[source.name] = [cell(source.frames[0]), *map(cell, pictures)]
    return Sheet(rows, ["source", *(driver.name for driver in cross.drivers)])


def spread(count: int, chosen: int) -> np.ndarray:
    """At most ``chosen`` indices below ``count``, evenly apart, first and last in."""
    return np.unique(np.linspace(0, count - 1, min(chosen, count)).round().astype(int))


def cell(frame: np.ndarray) -> np.ndarray:
    """A frame, enlarged by a whole factor to about the width of a cell."""
    return viz.enlarge(frame, max(1, round(CELL / frame.shape[1])))


def _crops(frames: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """One region of every frame, enlarged to the width of a cell."""
    width = cell(frames[0]).shape[1]
    height = _crop_height(boxes, width)
    return [
        viz.crop(frame, box, height, width)
        for frame, box in zip(frames, boxes, strict=True)
    ]


def _crop_height(boxes: Sequence[np.ndarray] | np.ndarray, width: int) -> int:
    """Height that keeps the median box's aspect ratio at a given width."""
    left, top, right, bottom = np.nanmedian(np.asarray(boxes, np.float64), axis=0)
    return max(8, round(width * (bottom - top) / (right - left)))
