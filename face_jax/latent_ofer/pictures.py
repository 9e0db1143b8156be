"""Pictures of a batch as the networks take them, and sheets of pictures to look at."""

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np

from face_jax import viz
from face_jax.nn.color_changes import change_colors
from face_jax.types import Array, Batch

PICTURES = ("image", "clean_image")
"""Pictures of an item that a network may see."""

MEAN_COLOR = (124, 116, 104)
"""ImageNet's mean in uint8: what is zero once pictures are normalised."""

SHEET_ROWS = 8
"""Pictures on a sheet at most."""


def check_picture(field: str, name: str) -> None:
    """Refuses what is no picture of an item.

    Args:
      field: of the task, that names the picture.
      name: of the picture.

    Raises:
      ValueError: the name is not in ``PICTURES``.
    """
    if name not in PICTURES:
        raise ValueError(
            f"task.{field}: expected one of {', '.join(PICTURES)}, got {name!r}"
        )


def pictures_of(batch: Batch, name: str) -> Array:
    """Pictures of a batch as the networks see them, float32 [B, H, W, 3] in [0, 1].

    Args:
      batch: uint8 pictures [B, H, W, 3], and what was drawn for them in training: of
        colours, see ``change_colors``; and of ``image`` alone ``erased``, see ``erase``.
        Without draws the pictures stay as they are.
      name: of the picture, in ``PICTURES``.
    """
    images = change_colors(batch[name], batch)
    if name == "image" and "erased" in batch:
        images = erase(images, batch["erased"])
    return images.astype(jnp.float32) / 255.0


def erase(images: Array, rectangles: Array) -> Array:
    """Paints a rectangle of each picture with ``MEAN_COLOR`` (arXiv 1708.04896).

    Args:
      images: uint8 [B, H, W, 3].
      rectangles: int32 [B, 4], first row, first column, and how many of each; where they
        are 0 nothing is painted.

    Returns:
      uint8 [B, H, W, 3].
    """

    def covered(axis: int) -> Array:
        place = jnp.arange(images.shape[1 + axis]) - rectangles[:, axis, None]
        return (place >= 0) & (place < rectangles[:, 2 + axis, None])

    inside = covered(0)[:, :, None, None] & covered(1)[:, None, :, None]
    return jnp.where(inside, np.array(MEAN_COLOR, np.uint8), images)


def sheet_of(
    columns: Mapping[str, np.ndarray],
    rows: int = SHEET_ROWS,
    titles: Sequence[str] = (),
) -> np.ndarray:
    """Pictures of every sample side by side.

    Args:
      columns: title to uint8 [B, H, W, 3]; small ones are enlarged.
      rows: how many samples at most.
      titles: of the samples; empty for none.

    Returns:
      uint8 [height, width, 3].
    """
    count, side = next(iter(columns.values())).shape[:2]
    factor = max(1, 128 // side)
    table = [
        [viz.enlarge(pictures[row], factor) for pictures in columns.values()]
        for row in range(min(rows, count))
    ]
    return viz.grid(table, titles[:rows], list(columns))


def dimmed(images: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """uint8 pictures [B, H, W, 3] that are dark where bool [B, H, W] is false."""
    return np.where(mask[..., None], images, images // 4)


def labelled_sheet(
    images: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    columns: int = SHEET_ROWS,
) -> np.ndarray:
    """Pictures with what was found in them, and what is there where that differs.

    Args:
      images: uint8 [B, H, W, 3].
      probabilities: [B, classes].
      labels: int [B].
      names: of the classes.
      columns: pictures in a row.

    Returns:
      uint8 [height, width, 3].
    """
    factor, tiles = max(1, 128 // images.shape[1]), []
    for image, row, label in zip(images, probabilities, labels, strict=True):
        found = int(np.argmax(row))
        text = f"{names[found]} {row[found]:.2f}"
        if found != label:
            text += f" ({names[label]})"
        tiles.append(viz.captioned(viz.enlarge(image, factor), text))
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    return viz.grid(rows)
