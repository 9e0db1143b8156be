"""Still pictures of synthetic faces, read from the records that the generator wrote."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.landmarks.outlines import face_outline
from data_pipelines.sources.base import ClipReport, UnusableClip
from data_pipelines.sources.cache import BoundedCache
from data_pipelines.sources.faces import FacePicture
from data_pipelines.sources.records import PathLike, RecordSource, decode_picture
from data_pipelines.sources.selection import numbers_of, select_rows
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
      occluder_names: names of what hides faces, in the order of their numbers; the first
        one is ``none``.
      report: what could not be used so far, in this process.
    """

    def __init__(
        self,
        path: PathLike | None = None,
        split: str = "train",
        occluders: bool = False,
        cache_bytes: int = 1 << 30,
        built_in: Mapping[str, Any] | None = None,
        kinds: Sequence[str] | None = None,
        labelled: bool = False,
        uncover_others: bool = False,
        landmarks: bool = True,
    ):
        """Opens the data set; pictures are decoded when they are asked for.

        Args:
          path: folder that ``face-jax prepare synthetic`` wrote; None takes the
            built-in data set, which ``face-jax train`` generates where it is missing.
          split: ``train``, ``validation`` or ``test``; each has persons of its own.
          occluders: whether pictures show what hides the face, and come with its mask
            and with the picture without it; otherwise that picture is all there is.
          cache_bytes: memory for decoded pictures in each process, 0 or more.
          built_in: arguments of ``built_in_images``: which data set is built in.
          kinds: names in ``occluder_names``; only pictures made with one of these are
            part of the collection. None takes all.
          labelled: whether pictures that show no class of expression are left out.
          uncover_others: whether pictures made with another kind than ``kinds`` are part
            of the collection too, without what hides the face.

        Raises:
          FileNotFoundError: the data set has not been generated.
          ValueError: it has no such split, a setting is out of its range, a kind is
            unknown, or no picture is left.
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
        self._occluders = occluders
        self._landmarks = landmarks
        self._cache = BoundedCache(cache_bytes)
        self.label_names = self._records.names["label"]
        self.occluder_names = self._records.names["occluder"]
        self._rows = self._chosen(None if uncover_others else kinds, labelled)
        self._shown = self._kinds_shown(kinds if uncover_others else None)
        self.groups: tuple[tuple[int, ...], ...] = tuple(
            (row,) for row in range(len(self))
        )
        self.report = ClipReport()

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def labels(self) -> np.ndarray:
        """Numbers of the expressions of all rows, int64 [len(self)].

        The first use reads all records; copies in other processes get what was read.
        """
        return self._numbers["label"][self._rows]

    def frames(self, row: int) -> np.ndarray:
        """The picture alone, int64 [0]."""
        return np.zeros(1, np.int64)

    def face(self, row: int, frame: int = 0) -> FacePicture:
        """One picture with its truth.

        Args:
          row: number of the picture in the collection.
          frame: 0; pictures have no other.

        Raises:
          UnusableClip: it cannot be decoded.
          IndexError: there is no such picture.
        """
        face = self._cache.get(row)
        if face is None:
            face = self._read(row)
            self._cache.put(row, face, _num_bytes(face))
        return face

    @functools.cached_property
    def _numbers(self) -> dict[str, np.ndarray]:
        """``label`` and ``occluder`` of all records of the split, int64 each."""
        records = (self._records[row] for row in range(len(self._records)))
        pairs = [(record["label"], record["occluder"]) for record in records]
        labels, occluders = np.array(pairs, np.int64).reshape(-1, 2).T
        return {"label": labels, "occluder": occluders}

    def _chosen(self, kinds: Sequence[str] | None, labelled: bool) -> np.ndarray:
        """Numbers of the records that are part of the collection, increasing."""
        if kinds is None and not labelled:
            return np.arange(len(self._records))
        return select_rows(
            f"{self._records.path}, {self._records.split}",
            self._numbers["occluder"],
            self.occluder_names,
            kinds,
            self._numbers["label"] if labelled else None,
        )

    def _kinds_shown(self, kinds: Sequence[str] | None) -> frozenset[int]:
        """Numbers of the kinds that pictures show; none where they show none."""
        if not self._occluders:
            return frozenset()
        names = self.occluder_names if kinds is None else kinds
        return frozenset(numbers_of(names, self.occluder_names))

    def _read(self, row: int) -> FacePicture:
        if not 0 <= row < len(self):
            raise IndexError(f"row: expected a row below {len(self)}, got {row}")
        record = self._records[int(self._rows[row])]
        name = f"synthetic face {record['identity']}, picture {record['number']}"
        try:
            pictures = self._pictures(record, name)
        except ValueError as error:
            raise UnusableClip(name, str(error)) from error
        for picture in pictures.values():
            picture.flags.writeable = False
        points, kind = record["landmarks_68"], int(record["occluder"])
        return FacePicture(
            name=name,
            **pictures,
            outline=face_outline(points),
            landmarks_105=record.get("landmarks_105") if self._landmarks else None,
            landmarks_68=points if self._landmarks else None,
            label=int(record["label"]),
            identity=int(record["identity"]),
            truth=_vectors(record),
            occluder=kind if kind in self._shown else 0,
        )

    def _pictures(self, record: Mapping[str, Any], name: str) -> dict[str, np.ndarray]:
        """What a record shows, by the names of ``FacePicture``.

        Where nothing hides the face, both pictures are one array.
        """
        clean = decode_picture(record["clean_image"], name)
        if not self._occluders:
            return {"image": clean}
        if int(record["occluder"]) not in self._shown:
            empty = np.zeros(clean.shape[:2], np.uint8)
            return {"image": clean, "clean_image": clean, "occluder_mask": empty}
        hides = record["image"] != record["clean_image"]
        return {
            "image": decode_picture(record["image"], name) if hides else clean,
            "clean_image": clean,
            "occluder_mask": decode_picture(record["occluder_mask"], name),
        }


def built_in_images(
    people: int = 100,
    images_per_person: int = 14,
    size: int = 96,
    occluded: float = 0.0,
    free_expressions: float = 0.0,
    one_look: bool = False,
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
      one_look: whether persons differ in the shape of their heads alone.
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
        one_look=one_look,
        head=head,
        seed=seed,
    )


def _num_bytes(face: FacePicture) -> int:
    """Memory that a picture takes, about; an array in two places counts once."""
    found = (face.image, face.clean_image, face.occluder_mask)
    arrays = {id(array): array for array in found if array is not None}
    return 8192 + sum(array.nbytes for array in arrays.values())


def _vectors(record: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Parameters, camera, rotation and gaze of a record, by name."""
    return {
        name: value
        for name, value in record.items()
        if isinstance(value, np.ndarray) and value.ndim and name not in _LANDMARKS
    }
