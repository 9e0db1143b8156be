"""PyTorch's files (.pt, .pth, .tar, .ckpt), read without PyTorch and without running them.

A file is a zip archive whose ``data.pkl`` describes everything and whose ``data/<key>``
are the storages, or in the older format pickles with the storages behind them. Reading
the description loads no tensor; each one is read when it is asked for.
"""

import io
import os
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from face_jax.convert.closed_unpickler import ClosedUnpickler, evaluate
from face_jax.convert.torch_types import (
    CONSTRUCTORS,
    Storage,
    StorageNode,
    StoredTensor,
)

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
"""Numbers that a file of the older format begins with."""

MOST_DESCRIPTION = 256 << 20
"""Bytes of a description at most; those of published models have less than one million."""


class TorchArchive:
    """One file, open for reading.

    Attributes:
      path: of the file.
      content: what was saved: nested dictionaries, lists, tuples, numbers and text, with a
        ``StoredTensor`` for each tensor.
    """

    def __init__(self, path: str | os.PathLike[str]):
        """Reads the description.

        Raises:
          FileNotFoundError: there is no such file.
          ValueError: the file is damaged, of another kind, or names something that is not
            allowed.
        """
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.path}: no such file")
        self._file = self.path.open("rb")
        try:
            self._format = _format_of(self._file)
            self.content = evaluate(self._format.description)
        # A damaged or hostile program fails in more ways than can be listed.
        except Exception as error:
            self._file.close()
            raise ValueError(
                f"{self.path}: expected a file of torch.save that names nothing but "
                f"tensors and plain data: {error}"
            ) from error

    def __enter__(self) -> "TorchArchive":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, tensor: StoredTensor) -> np.ndarray:
        """One tensor, in memory of its own.

        Raises:
          ValueError: the file ends before, or holds something else there.
        """
        try:
            raw = self._format.read(tensor.storage)
        # As above; what stands in the archive's directory may be damaged too.
        except Exception as error:
            raise ValueError(
                f"{self.path}: storage {tensor.storage.key}: expected "
                f"{tensor.storage.count} x {tensor.dtype}: {error}"
            ) from error
        return tensor.view(np.frombuffer(raw, tensor.dtype))


class _Format(Protocol):
    """A way to lay out a file.

    Attributes:
      description: the pickle's value, its nodes not evaluated.
    """

    description: Any

    def read(self, storage: Storage) -> bytes:
        """The bytes of a storage."""


class _Zip:
    """An archive. Entries must not be compressed, so that none is larger than the file."""

    def __init__(self, file: BinaryIO):
        self._archive = zipfile.ZipFile(file)
        names = [n for n in self._archive.namelist() if n.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError(f"a zip archive with {len(names)} files data.pkl")
        self._root = names[0].removesuffix("data.pkl")
        self._check_order()
        pickled = io.BytesIO(self._entry("data.pkl", None))
        self.description = _unpickler(pickled).load()

    def read(self, storage: Storage) -> bytes:
        return self._entry(
            f"data/{storage.key}", storage.count * storage.dtype.itemsize
        )

    def _check_order(self) -> None:
        name = f"{self._root}byteorder"
        if name in self._archive.namelist() and self._archive.read(name) != b"little":
            raise ValueError("an archive whose numbers are not little-endian")

    def _entry(self, name: str, size: int | None) -> bytes:
        """An entry of exactly this size, or of a description's."""
        entry = self._archive.getinfo(f"{self._root}{name}")
        if entry.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{entry.filename} is compressed")
        if entry.file_size != size and (
            size is not None or entry.file_size > MOST_DESCRIPTION
        ):
            raise ValueError(f"{entry.filename} has {entry.file_size} bytes")
        return self._archive.read(entry)


class _Legacy:
    """Pickles of a magic number, a version, the machine, the description, the keys of all
    storages in their order; then each storage's number of elements and its bytes."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._end = file.seek(0, io.SEEK_END)
        file.seek(0)
        if _plain(file) != MAGIC:
            raise ValueError("neither a zip archive nor a file of the older format")
        if _plain(file) != VERSION or not _plain(file).get("little_endian"):
            raise ValueError("a file of an unknown version, or not little-endian")
        self._sizes: dict[str, int] = {}
        self.description = _unpickler(file, self._sizes).load()
        self._places = self._find(_plain(file))

    def read(self, storage: Storage) -> bytes:
        size = storage.count * storage.dtype.itemsize
        self._file.seek(self._places[storage.key])
        return _exactly(self._file, size)

    def _find(self, keys: Any) -> dict[str, int]:
        """Where the bytes of each storage begin."""
        places = {}
        for key in map(str, keys):
            count = int.from_bytes(_exactly(self._file, 8), "little")
            places[key] = self._file.tell()
            after = places[key] + count * self._sizes[key]
            if after > self._end:
                raise ValueError(f"storage {key} reaches beyond the end of the file")
            self._file.seek(after)
        return places


def _format_of(file: BinaryIO) -> _Format:
    return _Zip(file) if zipfile.is_zipfile(file) else _Legacy(file)


def _plain(file: BinaryIO) -> Any:
    return ClosedUnpickler(file, {}).load()


def _unpickler(file: BinaryIO, sizes: dict[str, int] | None = None) -> ClosedUnpickler:
    """A reader of descriptions; notes the sizes of the elements of all storages."""

    def storage(pid: Any) -> StorageNode:
        kind, code, key, _, count, *view = pid
        if kind != "storage" or any(part is not None for part in view):
            raise ValueError("an object stored elsewhere that is no storage")
        node = StorageNode(code, key, count)
        if sizes is not None:
            sizes[node.key] = 1 if node.kind.dtype is None else node.kind.dtype.itemsize
        return node

    return ClosedUnpickler(file, CONSTRUCTORS, storage)


def _exactly(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) != size:
        raise EOFError(f"the file ends after {len(found)} of {size} bytes")
    return found
