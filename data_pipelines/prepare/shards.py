"""Files of records with TFDS metadata: each appears whole or not at all."""

import os
import secrets
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import tensorflow_datasets as tfds
from array_record.python.array_record_module import ArrayRecordWriter

_NAMES = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
_PARTIAL = ".partial"
_ABANDONED = 3600.0
"""Seconds after which a partial file is removed that nobody writes to, as far as this
machine can tell."""


def shard_path(folder: Path, name: str, split: str, shard: int, count: int) -> Path:
    """The file of one shard, named as TFDS expects it.

    Args:
      folder: of the data set.
      name: of the data set.
      split: name of the split.
      shard: number of the shard.
      count: shards of the split.
    """
    return folder / f"{name}-{split}.array_record-{shard:05d}-of-{count:05d}"


class ShardWriter:
    """Writes a file of records, as a context manager.

    The file has its name only after the block has ended without an error.
    """

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        writer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._partial = path.with_name(f".{path.name}~{writer}{_PARTIAL}")
        # Groups of one record are the fastest to read at random.
        self._writer = ArrayRecordWriter(os.fspath(self._partial), "group_size:1")

    def write(self, record: bytes) -> None:
        """Adds one record."""
        self._writer.write(record)

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()
        if kind is None:
            os.replace(self._partial, self._path)
        else:
            self._partial.unlink(missing_ok=True)


def remove_abandoned(folder: Path) -> None:
    """Removes what killed writers left behind, below a folder.

    Of writers on other machines only old files are: they may still be at work.
    """
    for path in folder.rglob(f".*{_PARTIAL}"):
        if _is_dead(path) or time.time() - path.stat().st_mtime > _ABANDONED:
            path.unlink(missing_ok=True)


def _is_dead(partial: Path) -> bool:
    """Whether a file's writer was a process of this machine that is no more."""
    writer = partial.name.removesuffix(_PARTIAL).rpartition("~")[2]
    host, _, process = writer.rpartition("-")[0].rpartition("-")
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _is_zombie(int(process))


def _is_zombie(process: int) -> bool:
    """Whether a process has ended and its parent, such as a container's, does not ask."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "Z"


def write_metadata(
    folder: Path,
    name: str,
    features: Any,
    lengths: Mapping[str, Sequence[int]],
    description: str,
) -> None:
    """Makes a folder of shards a TFDS data set.

    Args:
      folder: of the data set; its name is the version.
      name: of the data set.
      features: of its records, a ``tfds.features.FeaturesDict``.
      lengths: records of each shard of each split.
      description: one sentence for readers.
    """
    splits = [
        tfds.core.SplitInfo(
            name=split,
            shard_lengths=list(counts),
            num_bytes=_num_bytes(folder, name, split, len(counts)),
            filename_template=tfds.core.ShardedFileTemplate(
                data_dir=folder,
                dataset_name=name,
                split=split,
                filetype_suffix="array_record",
                template=_NAMES,
            ),
        )
        for split, counts in lengths.items()
        if counts
    ]
    # TFDS would check the data with TensorFlow.
    tfds.folder_dataset.write_metadata(
        data_dir=os.fspath(folder),
        features=features,
        split_infos=splits,
        filename_template=_NAMES,
        description=description,
        check_data=False,
    )


def _num_bytes(folder: Path, name: str, split: str, count: int) -> int:
    paths: Iterable[Path] = (
        shard_path(folder, name, split, shard, count) for shard in range(count)
    )
    return sum(path.stat().st_size for path in paths)
