"""Sheets and curves of fits."""

from collections.abc import Mapping

import numpy as np

from face_jax import viz
from face_jax.fitting.comparison import Fit
from face_jax.plots import plot_metrics

_COLUMNS = 6
_SMALLEST_SIDE = 128


def progress_sheet(target: np.ndarray, fits: Mapping[str, Fit]) -> np.ndarray:
    """One row for each fit: how it went from its start to the picture it explains.

    Args:
      target: [H, W, 3] float in [0, 1], the first head's picture.
      fits: by name.

    Returns:
      uint8 [H', W', 3].
    """
    wanted = _shown(target)
    first = next(iter(fits.values()))
    chosen = np.unique(
        np.rint(np.geomspace(1, len(first.steps), _COLUMNS)).astype(int) - 1
    )
    rows = []
    for fit in fits.values():
        pictures = [_shown(fit.pictures[index]) for index in chosen]
        rows.append([*pictures, wanted, viz.error_map(pictures[-1], wanted)])
    titles = [f"step {first.steps[index]}" for index in chosen]
    return viz.grid(rows, list(fits), [*titles, "target", "difference"])


def error_curves(fits: Mapping[str, Fit]) -> bytes:
    """Mean vertex error over the steps of every fit, as a PNG file's contents."""
    records = [
        {"step": int(step), name: 100 * float(errors.mean())}
        for name, fit in fits.items()
        for step, errors in zip(fit.steps, fit.vertex_errors, strict=True)
    ]
    return plot_metrics(
        records,
        list(fits),
        value_label="vertex error, % of head height",
        log_scale=True,
        file_format="png",
    )


def _shown(picture: np.ndarray) -> np.ndarray:
    image = viz.to_uint8(picture)
    return viz.enlarge(image, max(1, -(-_SMALLEST_SIDE // image.shape[0])))
