"""How close reconstructions come to the face behind what hides it, inside the hole.

The hole is the true one: what is compared is the painting, not where to paint. Source of
the method: Latent-OFER, arXiv 2307.11404.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.occluded_faces import OccludedFaces
from face_jax.latent_ofer.patch_labels import covered_patches, patch_cover
from face_jax.latent_ofer.refinement import Refinement, enlarged_mask, reconstruct
from face_jax.metrics.image import psnr, ssim
from face_jax.tables import Cell, Table
from face_jax.temporal.chunks import in_batches
from face_jax.types import Array, Variables

ALL = "all"
"""Name of the row of all pictures that have a hole."""

TITLES = {
    "occluded": "as given",
    "mean": "mean face",
    "coarse": "transformer",
    "refined": "transformer + CNN",
}
"""What is compared with the truth, and what tables call it."""

MEASURES = {"psnr": "PSNR in the hole, dB", "ssim": "SSIM in the hole"}


class Closeness(NamedTuple):
    """Means over the pictures of a row.

    Attributes:
      pictures: how many have a hole.
      psnr: dB, at most 100.
      ssim: at most 1, of the windows whose centres are in the hole; NaN where there are
        none.
    """

    pictures: int
    psnr: float
    ssim: float


@dataclasses.dataclass(frozen=True)
class ReconstructionReport:
    """One way to fill holes.

    Attributes:
      title: what it is called.
      rows: by kind of occluder or other group of pictures, those that have holes; then
        ``ALL``.
    """

    title: str
    rows: dict[str, Closeness]

    def as_dict(self) -> dict[str, Any]:
        """All numbers as JSON-like data; what is undefined is None."""
        rows = {
            name: {k: None if math.isnan(v) else v for k, v in row._asdict().items()}
            for name, row in self.rows.items()
        }
        return {"title": self.title, "rows": rows}


def mean_face(clean_images: np.ndarray) -> np.ndarray:
    """float32 [S, S, 3] in [0, 1], the mean of uint8 pictures [N, S, S, 3]."""
    return (clean_images.mean(axis=0) / 255.0).astype(np.float32)


def compare_reconstructions(
    refinement: Refinement,
    variables: Variables,
    mean: np.ndarray,
    faces: OccludedFaces,
    rows: Mapping[str, np.ndarray],
    share: float,
) -> list[ReconstructionReport]:
    """Fills the true holes in every way of ``TITLES``.

    Args:
      refinement: the modules.
      variables: of them.
      mean: float [S, S, 3] in [0, 1], of ``mean_face``.
      faces: N pictures that training did not have.
      rows: of the tables, bool [N] each, see ``occluded_faces.kind_rows``.
      share: of a patch's pixels, from which on it belongs to the hole.

    Returns:
      A report for each, in the order of ``TITLES``.

    Raises:
      ValueError: no picture has a hole.
    """
    measure = functools.partial(_closeness, refinement, share, variables, mean)
    found = in_batches(measure, faces.images, faces.clean_images, faces.occluder_masks)
    return [
        ReconstructionReport(title, summarized(found[name], rows))
        for name, title in TITLES.items()
    ]


def summarized(
    found: Mapping[str, np.ndarray], rows: Mapping[str, np.ndarray]
) -> dict[str, Closeness]:
    """Means over the pictures of each row and over all.

    Args:
      found: ``psnr`` and ``ssim``, float [N]; PSNR is NaN of pictures without a hole.
      rows: bool [N] by name; those whose pictures have no hole are left out.

    Raises:
      ValueError: no picture has a hole.
    """
    holes = ~np.isnan(found["psnr"])
    if not holes.any():
        raise ValueError("pictures: expected one with a hole or more, none is covered")
    chosen = {name: row & holes for name, row in rows.items()} | {ALL: holes}
    return {
        name: Closeness(
            int(row.sum()), _mean(found["psnr"][row]), _mean(found["ssim"][row])
        )
        for name, row in chosen.items()
        if row.any()
    }


def reconstruction_table(
    reports: Sequence[ReconstructionReport], measure: str
) -> Table:
    """One number of ``MEASURES``, a row for each kind and a column for each report."""
    rows: list[list[Cell]] = [
        [name, row.pictures, *(getattr(one.rows[name], measure) for one in reports)]
        for name, row in reports[0].rows.items()
    ]
    header = ("", "pictures", *(report.title for report in reports))
    decimals = 2 if measure == "psnr" else 3
    return Table(MEASURES[measure], header, rows, len(rows) - 1, decimals)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _closeness(
    refinement: Refinement,
    share: float,
    variables: Variables,
    mean: Array,
    images: Array,
    clean_images: Array,
    occluder_masks: Array,
) -> dict[str, dict[str, Array]]:
    """``psnr`` and ``ssim`` [B] of everything in ``TITLES``."""
    images, clean = (x.astype(jnp.float32) / 255.0 for x in (images, clean_images))
    cover = patch_cover(occluder_masks, refinement.autoencoder.patch_size)
    mask = covered_patches(cover, share)
    hole = enlarged_mask(mask, images.shape[1])
    made = reconstruct(refinement, variables, images, mask)
    filled = {
        "occluded": images,
        "mean": jnp.where(hole[..., None], mean, images),
        "coarse": made.coarse,
        "refined": made.images,
    }
    weights = hole.astype(jnp.float32)
    return {
        name: {
            "psnr": psnr(picture, clean, weights),
            "ssim": ssim(picture, clean, weights),
        }
        for name, picture in filled.items()
    }


def _mean(values: np.ndarray) -> float:
    """Of the numbers among them; NaN where there are none."""
    defined = values[~np.isnan(values)]
    return float(defined.mean(dtype=np.float64)) if len(defined) else math.nan
