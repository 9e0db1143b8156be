"""Any TFDS data set in ArrayRecord files, as dictionaries of arrays and bytes.

Pictures stay encoded: they are decoded where they are used, with OpenCV. TensorFlow is
not needed.
"""

import errno
import os
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

PathLike = str | os.PathLike[str]
Self = TypeVar("Self", bound="RecordSource")


class RecordSource:
    """Random access to the records of one split; a source for Grain.

    Attributes:
      path: folder of the data set: the one with ``dataset_info.json``.
      split: name of the split, TFDS slices such as ``train[:10%]`` included.
      names: for each label feature, the names of its classes.
    """

    def __init__(self, path: PathLike, split: str):
        """Opens the data set; records are read when they are asked for.

        Raises:
          FileNotFoundError: there is no such data set.
          ValueError: it has no such split, or is not stored as ArrayRecord.
        """
        self.path, self.split = Path(path), split
        self._open()

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, row: int) -> dict[str, Any]:
        """One record: numpy arrays, Python numbers, bytes of pictures and texts.

        Raises:
          IndexError: there is no such record.
          OSError: its file cannot be read, or not what was written.
        """
        if not 0 <= row < len(self):
            raise IndexError(
                f"{self.path}: expected a row below {len(self)}, got {row}"
            )
        try:
            return self._records[row]
        except RuntimeError as error:
            # The reader says which byte is wrong, not of which file.
            cause = f"split {self.split!r}, record {row}: unreadable ({error})"
            raise OSError(errno.EIO, cause, str(self.path)) from error

    def _open(self) -> None:
        if not (self.path / "dataset_info.json").is_file():
            raise FileNotFoundError(
                f"{self.path}: no TFDS data set (dataset_info.json) is there"
            )
        # Takes seconds: programs that read no records shall not wait for it.
        import tensorflow_datasets as tfds

        builder = tfds.builder_from_directory(os.fspath(self.path))
        features = builder.info.features
        name = self.split.partition("[")[0]
        if name not in builder.info.splits:
            known = ", ".join(sorted(builder.info.splits)) or "none"
            raise ValueError(
                f"{self.path}: expected one of the splits {known}, got {self.split!r}"
            )
        decoders = {
            name: tfds.decode.SkipDecoding()
            for name, feature in features.items()
            if isinstance(feature, tfds.features.Image)
        }
        try:
            self._records = builder.as_data_source(split=self.split, decoders=decoders)
        except NotImplementedError as error:
            raise ValueError(
                f"{self.path}: expected ArrayRecord files, {error}"
            ) from error
        self.names = {
            name: tuple(feature.names)
            for name, feature in features.items()
            if isinstance(feature, tfds.features.ClassLabel) and feature.names
        }

    def __getstate__(self) -> dict[str, Any]:
        # Open files stay behind: a copy in another process opens its own.
        return {"path": self.path, "split": self.split}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()


def decode_picture(encoded: bytes, name: str = "picture") -> np.ndarray:
    """Decodes a picture of a record.

    Args:
      encoded: PNG, JPEG or another format that OpenCV reads.
      name: how error messages call it.

    Returns:
      uint8 RGB [H, W, 3], or [H, W] of a grey picture.

    Raises:
      ValueError: the bytes are no picture.
    """
    found = np.frombuffer(encoded, np.uint8)
    picture = cv2.imdecode(found, cv2.IMREAD_UNCHANGED) if found.size else None
    if picture is None:
        raise ValueError(f"{name}: expected an encoded picture, got {found.size} bytes")
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
