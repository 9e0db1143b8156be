"""Files of published weights as plain arrays."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from face_jax.convert.torch_archive import TorchArchive
from face_jax.convert.torch_types import StoredTensor

DISTRIBUTED = "module."
"""What PyTorch puts before all names of a network that was trained on several devices."""

OPTIMIZER = frozenset({"state", "param_groups"})
"""Entries of an optimizer's state."""


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Arrays of a file by published name.

    Args:
      path: an ``.npz`` file, or a file of ``torch.save``: the ``state_dict`` of a network,
        or a checkpoint with one such entry beside optimizers and settings. Only the
        network's tensors are read.

    Returns:
      Name to array. A ``module.`` before all names is left out.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is damaged, holds no arrays or those of several networks, or
        names something that is not allowed.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of weights")
    return _read_npz(path) if _is_npz(path) else _read_torch(path)


def _is_npz(path: Path) -> bool:
    """Archives whose entries are arrays; PyTorch's have a ``data.pkl``."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return not any(name.endswith("/data.pkl") for name in archive.namelist())


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, AttributeError) as error:
        raise ValueError(
            f"{path}: expected an .npz of plain arrays by published name"
        ) from error


def _read_torch(path: Path) -> dict[str, np.ndarray]:
    with TorchArchive(path) as archive:
        tensors = network_of(archive.content, path)
        prefix = DISTRIBUTED if all(n.startswith(DISTRIBUTED) for n in tensors) else ""
        return {n.removeprefix(prefix): archive.read(t) for n, t in tensors.items()}


def network_of(content: Any, path: Path) -> dict[str, StoredTensor]:
    """The tensors of the only network in what a file holds.

    Args:
      content: of a ``TorchArchive``.
      path: of the file, for messages.

    Returns:
      Its tensors by name.

    Raises:
      ValueError: there is none, or there are several.
    """
    entries = content if isinstance(content, Mapping) else {}
    networks = {"": entries} if _is_network(entries) else {}
    networks = networks or {k: v for k, v in entries.items() if _is_network(v)}
    if len(networks) != 1:
        raise ValueError(
            f"{path}: expected the tensors of one network, got "
            f"{', '.join(map(str, networks)) or 'none'}"
        )
    (network,) = networks.values()
    return {str(k): v for k, v in network.items() if isinstance(v, StoredTensor)}


def _is_network(entry: Any) -> bool:
    if not isinstance(entry, Mapping) or set(entry) >= OPTIMIZER:
        return False
    return any(isinstance(value, StoredTensor) for value in entry.values())
