"""Faces with what hides them, the faces behind it, and the pictures of a table's row.

Latent-OFER (arXiv 2307.11404) is judged on things that training never laid over a face
apart from those that it did.
"""

import dataclasses
from collections.abc import Collection, Sequence

import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.patch_labels import (
    COVERED_SHARE,
    covered_patches,
    patch_cover,
    untouched_patches,
)

SEEN, UNSEEN, UNCOVERED = "seen kinds", "unseen kinds", "uncovered"
"""Rows of all pictures with a kind of the training, of all with another one, and of
those with nothing before the face."""


@dataclasses.dataclass(frozen=True)
class OccludedFaces:
    """N pictures whose truth is known, on the host.

    Attributes:
      images: uint8 [N, S, S, 3], with what hides the faces.
      clean_images: uint8 [N, S, S, 3], without it.
      occluder_masks: uint8 [N, S, S], its alpha.
      kinds: int [N], what it is: a number of a name, 0 for nothing.
    """

    images: np.ndarray
    clean_images: np.ndarray
    occluder_masks: np.ndarray
    kinds: np.ndarray

    def __len__(self) -> int:
        return len(self.kinds)

    def take(self, rows: np.ndarray) -> "OccludedFaces":
        """Some of the pictures, by their numbers."""
        return OccludedFaces(**{name: a[rows] for name, a in vars(self).items()})

    def covered(self, patch_size: int, share: float = COVERED_SHARE) -> np.ndarray:
        """bool [N, L], see ``patch_labels.covered_patches``."""
        cover = patch_cover(jnp.asarray(self.occluder_masks), patch_size)
        return np.asarray(covered_patches(cover, share))

    def untouched(self, patch_size: int) -> np.ndarray:
        """bool [N, L], see ``patch_labels.untouched_patches``."""
        masks = jnp.asarray(self.occluder_masks)
        return np.asarray(untouched_patches(masks, patch_size))


def kind_rows(
    kinds: np.ndarray, names: Sequence[str], unseen: Collection[str]
) -> dict[str, np.ndarray]:
    """The rows of a table: each kind, those of the training, the others, and nothing.

    Args:
      kinds: int [n], what hides the face of each picture, 0 for nothing.
      names: of the kinds, in the order of their numbers.
      unseen: those of the names that training did not have.

    Returns:
      bool [n] by title, of rows that have a picture: kinds of the training, others,
      ``SEEN``, ``UNSEEN``, ``UNCOVERED``.
    """
    kinds = np.asarray(kinds)
    numbers = sorted(range(1, len(names)), key=lambda number: names[number] in unseen)
    rows = {names[number]: kinds == number for number in numbers}
    new = np.isin(kinds, [number for number in numbers if names[number] in unseen])
    rows |= {SEEN: ~new & (kinds > 0), UNSEEN: new, UNCOVERED: kinds == 0}
    return {title: chosen for title, chosen in rows.items() if chosen.any()}


def spread_over_kinds(kinds: np.ndarray, count: int) -> np.ndarray:
    """Pictures of all kinds as evenly as there are any, kind by kind.

    Args:
      kinds: int [n].
      count: how many pictures at most.

    Returns:
      int64 [at most count], numbers of the first pictures of each kind.
    """
    order = np.argsort(kinds, kind="stable")
    _, first = np.unique(kinds[order], return_index=True)
    _, sizes = np.unique(kinds, return_counts=True)
    place_in_kind = np.arange(len(kinds)) - np.repeat(first, sizes)
    chosen = np.argsort(place_in_kind, kind="stable")[:count]
    return order[np.sort(chosen)]
