"""Still pictures of synthetic faces, read from the records that the generator wrote."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.landmarks.outlines import face_outline
from data_pipelines.sources.base import ClipReport, UnusableClip
from data_pipelines.sources.cache import BoundedCache
from data_pipelines.sources.faces import FacePicture
from data_pipelines.sources.records import PathLike, RecordSource, decode_picture
from data_pipelines.sources.synthetic_settings import (
    BUILT_IN_HEAD,
    VERSION,
    SyntheticSettings,
)

_LANDMARKS = ("landmarks_68", "landmarks_105")


class SyntheticImages:
    """Rendered faces with exact landmarks and all that they were made from.

    Attributes:
      groups: every picture by itself.
      label_names: names of the expressions, in the order of their numbers.
      report: what could not be used so far, in this process.
    """

    def __init__(
        self,
        path: PathLike | None = None,
        split: str = "train",
        occluders: bool = False,
        cache_bytes: int = 1 << 30,
        built_in: Mapping[str, Any] | None = None,
    ):
        """Opens the data set; pictures are decoded when they are asked for.

        Args:
          path: folder that ``face-jax prepare synthetic`` wrote; None takes the
            built-in data set, which ``face-jax train`` generates where it is missing.
          split: ``train``, ``validation`` or ``test``; each has persons of its own.
          occluders: whether pictures show what hides the face; otherwise the same
            pictures are taken without it.
          cache_bytes: memory for decoded pictures in each process, 0 or more.
          built_in: arguments of ``built_in_images``: which data set is built in.

        Raises:
          FileNotFoundError: the data set has not been generated.
          ValueError: it has no such split, or a setting is out of its range.
        """
        if cache_bytes < 0:
            raise ValueError(f"cache_bytes: expected 0 or more, got {cache_bytes}")
        if path is None:
            path = built_in_images(**(built_in or {})).folder()
        root = Path(path)
        if not (root / "images" / VERSION).is_dir():
            raise FileNotFoundError(
                f"{root}: no pictures of synthetic faces of version {VERSION} are "
                "there; `face-jax prepare synthetic --images N --out DIR` makes some"
            )
        self._records = RecordSource(root / "images" / VERSION, split)
        self._picture = "image" if occluders else "clean_image"
        self._cache = BoundedCache(cache_bytes)
        self.groups: tuple[tuple[int, ...], ...] = tuple(
            (row,) for row in range(len(self._records))
        )
        self.label_names = self._records.names["label"]
        self.report = ClipReport()

    def __len__(self) -> int:
        return len(self._records)

    def frames(self, row: int) -> np.ndarray:
        """The picture alone, int64 [0]."""
        return np.zeros(1, np.int64)

    def face(self, row: int, frame: int = 0) -> FacePicture:
        """One picture with its truth.

        Args:
          row: number of the picture in the split.
          frame: 0; pictures have no other.

        Raises:
          UnusableClip: it cannot be decoded.
          IndexError: there is no such picture.
        """
        face = self._cache.get(row)
        if face is None:
            face = self._read(row)
            self._cache.put(row, face, face.image.nbytes + 8192)
        return face

    def _read(self, row: int) -> FacePicture:
        record = self._records[row]
        name = f"synthetic face {record['identity']}, picture {record['number']}"
        try:
            image = decode_picture(record[self._picture], name)
        except ValueError as error:
            raise UnusableClip(name, str(error)) from error
        image.flags.writeable = False
        points = record["landmarks_68"]
        return FacePicture(
            name=name,
            image=image,
            outline=face_outline(points),
            landmarks_105=record.get("landmarks_105"),
            landmarks_68=points,
            label=int(record["label"]),
            identity=int(record["identity"]),
            truth=_vectors(record),
        )


def built_in_images(
    people: int = 100,
    images_per_person: int = 14,
    size: int = 96,
    occluded: float = 0.0,
    free_expressions: float = 0.0,
    head: str = BUILT_IN_HEAD,
    seed: int = 0,
) -> SyntheticSettings:
    """The data set that ``SyntheticImages`` reads when no path is given.

    Args:
      people: persons in all splits together, see ``split_of``.
      images_per_person: pictures of each of them; seven show every expression.
      size: side of the pictures, pixels.
      occluded: share of the pictures with something before the face, 0 to 1.
      free_expressions: share of those that show no class of expression, 0 to 1, see
        ``SyntheticSettings``.
      head: ``procedural`` or the path of a head model.
      seed: what it is drawn from.

    Raises:
      ValueError: a number out of its range.
    """
    return SyntheticSettings(
        images=people * images_per_person,
        images_per_person=images_per_person,
        size=size,
        occluded=occluded,
        free_expressions=free_expressions,
        head=head,
        seed=seed,
    )


def _vectors(record: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Parameters, camera, rotation and gaze of a record, by name."""
    return {
        name: value
        for name, value in record.items()
        if isinstance(value, np.ndarray) and value.ndim and name not in _LANDMARKS
    }
