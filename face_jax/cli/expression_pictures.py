"""Frames with what was found in them: what is covered, the expression, what lies behind."""

from collections.abc import Sequence

import numpy as np

from data_pipelines.transforms.crops import paste_back, soft_mask
from face_jax import markings, viz
from face_jax.cli.expression_frames import FoundExpressions

FADING = 0.5
"""Width of the soft border around covered patches and along the square, in patches."""


def overlay(found: FoundExpressions, row: int, classes: Sequence[str]) -> np.ndarray:
    """A frame twice: with marks, and with what lies behind covered patches.

    Args:
      found: expressions in some frames.
      row: which of them.
      classes: names of the expressions.

    Returns:
      uint8 [H, 2 W, 3]. Without a face the frame is shown as it is, black where it
      cannot be decoded.
    """
    shown = found.frames[row].shown
    if not found.valid[row]:
        return viz.side_by_side(shown, shown)
    return viz.side_by_side(marked(found, row, classes), uncovered(found, row))


def marked(found: FoundExpressions, row: int, classes: Sequence[str]) -> np.ndarray:
    """The frame with the square, covered patches tinted, and the expression's name."""
    frame = found.frames[row]
    left, top = frame.square[:2]
    tinted = markings.tint(frame.shown, _covered_pixels(found, row))
    likeliest = int(found.probabilities[row].argmax())
    text = f"{classes[likeliest]} {found.probabilities[row, likeliest]:.0%}"
    return markings.draw_label(
        markings.draw_box(tinted, frame.square), text, (left, top)
    )


def uncovered(found: FoundExpressions, row: int) -> np.ndarray:
    """The frame with covered patches of the square as they are reconstructed."""
    frame = found.frames[row]
    behind = paste_back(frame.shown, found.images[row], frame.square, feather=0.0)
    return np.where(_covered_pixels(found, row)[..., None], behind, frame.shown)


def pasted(found: FoundExpressions, row: int) -> np.ndarray:
    """The frame with what lies behind covered patches, which fades around them.

    Args:
      found: expressions in some frames.
      row: which of them.

    Returns:
      uint8 [H, W, 3]; the frame as it is where there is no face.
    """
    frame, face = found.frames[row], found.images[row]
    if not found.valid[row]:
        return frame.shown
    grid = found.mask.shape[1]
    patch = face.shape[0] // grid
    covered = np.kron(found.mask[row], np.ones((patch, patch), bool))
    mask = soft_mask(covered, FADING * patch)
    return paste_back(frame.shown, face, frame.square, FADING / grid, mask)


def _covered_pixels(found: FoundExpressions, row: int) -> np.ndarray:
    frame = found.frames[row]
    height, width = frame.shown.shape[:2]
    return markings.patch_pixels(found.mask[row], frame.square, height, width)
