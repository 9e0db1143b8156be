"""Names of expressions, and how each data set numbers them.

Data sets number the same expressions in different orders, so labels and scores go from
one to another by name alone. What label files say is in ``first``: the number that the
first class has there.
"""

import dataclasses

import numpy as np

from face_jax.types import Array

NAMES = (
    "neutral",
    "happiness",
    "sadness",
    "surprise",
    "fear",
    "disgust",
    "anger",
    "contempt",
)
"""Every expression that any data set knows."""

ALIASES = {
    "happy": "happiness",
    "joy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "fearful": "fear",
    "afraid": "fear",
    "disgusted": "disgust",
    "angry": "anger",
    "ne": "neutral",
    "ha": "happiness",
    "sa": "sadness",
    "su": "surprise",
    "af": "fear",
    "di": "disgust",
    "an": "anger",
}
"""Other words for them, and the codes in the names of KDEF's files."""


@dataclasses.dataclass(frozen=True)
class LabelMap:
    """The classes of a data set.

    Attributes:
      title: what messages call it.
      classes: names from ``NAMES``, in the order of their indices, which count from 0.
      first: number of the first class in the data set's label files; None where these
        have no numbers, and the order of the classes is our own.
    """

    title: str
    classes: tuple[str, ...]
    first: int | None = None

    def index(self, name: str) -> int:
        """Index of a class by its name or an alias, in capitals or not.

        Raises:
          ValueError: the name is unknown, or not a class of this data set.
        """
        found = expression_name(name)
        if found not in self.classes:
            known = ", ".join(self.classes)
            raise ValueError(f"{self.title}: expected one of {known}, got {name!r}")
        return self.classes.index(found)

    def from_file(self, numbers: np.ndarray) -> np.ndarray:
        """Indices from the numbers of a label file.

        Args:
          numbers: int [...].

        Returns:
          int32 [...] in [0, number of classes).

        Raises:
          ValueError: the label files have no numbers, or not one of these.
        """
        if self.first is None:
            raise ValueError(f"{self.title}: labels are names, there are no numbers")
        indices = np.asarray(numbers) - self.first
        _check_range(self, indices, self.first)
        return indices.astype(np.int32)


RAF_DB = LabelMap(
    "RAF-DB",
    ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"),
    first=1,
)

KDEF = LabelMap(
    "KDEF",
    ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
    first=1,
)
"""In the order of Latent-OFER's label file, which its published comments get wrong."""

AFFECTNET_8 = LabelMap(
    "AffectNet-8",
    (
        "neutral",
        "happiness",
        "sadness",
        "surprise",
        "fear",
        "disgust",
        "anger",
        "contempt",
    ),
    first=0,
)

AFFECTNET_7 = LabelMap("AffectNet-7", AFFECTNET_8.classes[:-1], first=0)
"""Without contempt."""

FED_RO = LabelMap("FED-RO", RAF_DB.classes)
"""Seven classes known by their names; the order is RAF-DB's."""

SYNTHETIC = LabelMap(
    "synthetic",
    ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger"),
    first=0,
)
"""The built-in data."""

LABEL_MAPS = {
    "raf_db": RAF_DB,
    "affectnet_7": AFFECTNET_7,
    "affectnet_8": AFFECTNET_8,
    "kdef": KDEF,
    "fed_ro": FED_RO,
    "synthetic": SYNTHETIC,
}
"""By the names that configs use."""


def label_map(dataset: str) -> LabelMap:
    """The classes of a data set.

    Raises:
      ValueError: the data set is not in ``LABEL_MAPS``.
    """
    if dataset not in LABEL_MAPS:
        known = ", ".join(LABEL_MAPS)
        raise ValueError(f"dataset: expected one of {known}, got {dataset!r}")
    return LABEL_MAPS[dataset]


def expression_name(name: str) -> str:
    """An expression's name in ``NAMES``, from it or an alias, in capitals or not.

    Raises:
      ValueError: it is neither.
    """
    plain = name.strip().lower()
    found = ALIASES.get(plain, plain)
    if found not in NAMES:
        raise ValueError(
            f"expression: expected one of {', '.join(NAMES)}, got {name!r}"
        )
    return found


def convert_labels(
    labels: np.ndarray, source: LabelMap, target: LabelMap
) -> np.ndarray:
    """Indices of one data set to those of another.

    Args:
      labels: int [...], indices into ``source.classes``.
      source: where the labels come from.
      target: where they should go.

    Returns:
      int32 [...], indices into ``target.classes``.

    Raises:
      ValueError: a label is out of range, or the target has no such class.
    """
    labels = np.asarray(labels)
    _check_range(source, labels, 0)
    lost = [
        name
        for index, name in enumerate(source.classes)
        if name not in target.classes and np.any(labels == index)
    ]
    if lost:
        raise ValueError(
            f"{target.title}: has no class {lost[0]!r}, which {source.title} labels have"
        )
    table = [target.index(n) if n in target.classes else -1 for n in source.classes]
    return np.array(table, np.int32)[labels]


def convert_scores(scores: Array, source: LabelMap, target: LabelMap) -> Array:
    """Logits of a network trained on one data set, in the order of another.

    Scores of classes that the target does not have are left out, so probabilities may
    no longer add up to 1.

    Args:
      scores: [..., number of source classes], numpy or JAX.
      source: the data set of the network.
      target: the data set of the labels; none of its classes may be foreign to the
        network.

    Returns:
      [..., number of target classes].

    Raises:
      ValueError: the last axis is another one, or the network has no such class.
    """
    count = len(source.classes)
    if scores.shape[-1] != count:
        expected = f"[..., {count}] for {source.title}"
        raise ValueError(f"scores: expected {expected}, got {list(scores.shape)}")
    return scores[..., np.array([source.index(name) for name in target.classes])]


def _check_range(labels_of: LabelMap, indices: np.ndarray, first: int) -> None:
    """Refuses indices beyond the classes; the message counts from ``first``."""
    count = len(labels_of.classes)
    wrong = indices[(indices < 0) | (indices >= count)]
    if wrong.size:
        raise ValueError(
            f"{labels_of.title}: expected labels {first} to {first + count - 1}, "
            f"got {wrong.flat[0] + first}"
        )
