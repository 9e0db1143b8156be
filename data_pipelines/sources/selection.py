"""Which pictures of a data set are part of a collection: by what hides the face."""

from collections.abc import Sequence

import numpy as np

from data_pipelines.sources.faces import UNKNOWN


def select_rows(
    where: str,
    occluders: np.ndarray,
    names: Sequence[str],
    kinds: Sequence[str] | None = None,
    labels: np.ndarray | None = None,
) -> np.ndarray:
    """Numbers of the pictures with something of these kinds before the face.

    Args:
      where: the data set, for messages.
      occluders: int [N], numbers of the kinds of all pictures.
      names: of the kinds, in the order of their numbers.
      kinds: names to take; None takes all.
      labels: int [N], numbers of the expressions; pictures with ``UNKNOWN`` are left
        out. None leaves out none.

    Returns:
      int64 [n], increasing, at least one.

    Raises:
      ValueError: a kind is unknown, or no picture is left.
    """
    kept = np.ones(len(occluders), bool)
    if kinds is not None:
        kept &= np.isin(occluders, numbers_of(kinds, names))
    if labels is not None:
        kept &= labels != UNKNOWN
    if not kept.any():
        asked = [] if kinds is None else [f"one of the kinds {list(kinds)}"]
        asked += [] if labels is None else ["a label"]
        raise ValueError(
            f"{where}: none of {len(kept)} pictures has {' and '.join(asked)}"
        )
    return np.flatnonzero(kept)


def numbers_of(kinds: Sequence[str], names: Sequence[str]) -> list[int]:
    """Numbers of kinds by their names.

    Raises:
      ValueError: a kind is unknown.
    """
    unknown = [kind for kind in kinds if kind not in names]
    if unknown:
        raise ValueError(
            f"kinds: unknown {', '.join(unknown)}; known are {', '.join(names)}"
        )
    return [names.index(kind) for kind in kinds]
