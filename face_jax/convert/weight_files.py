"""Files of weights, open for reading: names and shapes at once, numbers when asked for.

PyTorch's archives, safetensors and ``.npz``. Files of several gigabytes are looked at
without loading them: a converter reads one array after the other.
"""

import contextlib
import dataclasses
import functools
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from face_jax.convert.torch_archive import TorchArchive
from face_jax.convert.torch_types import StoredTensor

DISTRIBUTED = "module."
"""What PyTorch puts before all names of a network that was trained on several devices."""

OPTIMIZER = frozenset({"state", "param_groups"})
"""Entries of an optimizer's state."""

SAFETENSORS = ".safetensors"


@dataclasses.dataclass(frozen=True)
class StoredArray:
    """An array in a file; ``numpy.asarray`` reads it, every time anew.

    Attributes:
      shape: of the array.
      read: reads it.
    """

    shape: tuple[int, ...]
    read: Callable[[], np.ndarray]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.read(), dtype)


Weights = dict[str, StoredArray]
"""Arrays by published name, with a dot between the names of nested dictionaries."""


@contextlib.contextmanager
def open_weights(path: Path) -> Iterator[Weights]:
    """Opens a file of weights.

    Args:
      path: a file of ``torch.save``, safetensors (``.safetensors``) or ``.npz``.

    Yields:
      All of its arrays but those of optimizers. Arrays can be read until the block ends.
      A ``module.`` before all names of a network is left out.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is damaged, holds no arrays, or names something that is not
        allowed.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of weights")
    with contextlib.ExitStack() as stack:
        if path.suffix == SAFETENSORS:
            weights = _open_safetensors(path, stack)
        elif _is_npz(path):
            weights = _open_npz(path, stack)
        else:
            archive = stack.enter_context(TorchArchive(path))
            weights = {
                name: StoredArray(tensor.shape, functools.partial(archive.read, tensor))
                for name, tensor in tensors_of(archive.content).items()
            }
        if not weights:
            raise ValueError(f"{path}: expected arrays by name, there are none")
        yield weights


def tensors_of(content: Any) -> dict[str, StoredTensor]:
    """Tensors of nested dictionaries by name, without those of optimizers.

    Args:
      content: of a ``TorchArchive``.
    """
    if not isinstance(content, Mapping) or set(content) >= OPTIMIZER:
        return {}
    found: dict[str, StoredTensor] = {}
    for key, value in content.items():
        if isinstance(value, StoredTensor):
            found[str(key)] = value
        else:
            found |= {f"{key}.{name}": t for name, t in tensors_of(value).items()}
    prefix = DISTRIBUTED if all(name.startswith(DISTRIBUTED) for name in found) else ""
    return {name.removeprefix(prefix): tensor for name, tensor in found.items()}


def _open_safetensors(path: Path, stack: contextlib.ExitStack) -> Weights:
    try:
        file = stack.enter_context(safe_open(path, "numpy"))
    except SafetensorError as error:
        raise ValueError(f"{path}: expected safetensors: {error}") from error
    names = file.keys()
    shapes = (tuple(file.get_slice(name).get_shape()) for name in names)
    return {
        name: StoredArray(shape, functools.partial(file.get_tensor, name))
        for name, shape in zip(names, shapes, strict=True)
    }


def _is_npz(path: Path) -> bool:
    """Archives whose entries are arrays; PyTorch's have a ``data.pkl``."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return not any(name.endswith("/data.pkl") for name in archive.namelist())


def _open_npz(path: Path, stack: contextlib.ExitStack) -> Weights:
    try:
        file = stack.enter_context(np.load(path, allow_pickle=False))
        return {
            name: StoredArray(file[name].shape, functools.partial(file.get, name))
            for name in file.files
        }
    except (ValueError, OSError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path}: expected an .npz of plain arrays by published name"
        ) from error
