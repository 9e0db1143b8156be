"""Writes the archives in this folder with real PyTorch (``pip install torch``).

  python -m tests.convert.write_archives

Values are counted, so that tests know them: tensor ``n`` of ``plain`` begins with 100 n.
"""

import argparse
import collections
import lzma
import tempfile
from pathlib import Path

import numpy as np
import torch

from face_jax.convert.kinds import publish
from face_jax.published import KINDS
from tests.convert.archive_contents import ARCHIVES, PUBLISHED, TYPES, numbers_of
from tests.small_published import small_variables
from tests.smirk.small_task import write_head


def counted(number, shape, dtype="float32"):
    start = 100 * number if dtype not in ("uint8", "int8") else 10 * number
    count = torch.Size(shape).numel()
    return (start + torch.arange(count)).reshape(shape).to(getattr(torch, dtype))


def plain():
    """A state_dict of all types."""
    names = {f"layer.{dtype}": dtype for dtype in TYPES}
    tensors = {n: counted(i, (2, 3), d) for i, (n, d) in enumerate(names.items())}
    more = {
        "steps": torch.tensor(7),
        "mask": torch.tensor([True, False, True]),
        "empty": torch.zeros(0, 4),
    }
    return collections.OrderedDict(tensors | more)


def views():
    """Tensors that share a storage, transposed, strided and with an offset."""
    whole = counted(0, (4, 6))
    return {
        "whole": whole,
        "turned": whole.T,
        "part": whole[1:3, ::2],
        "row": whole[2],
    }


def checkpoint():
    """A network on several devices, its optimizer and settings."""
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    network(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    with torch.no_grad():
        for number, parameter in enumerate(network.parameters()):
            parameter.copy_(counted(number, parameter.shape))
    state = {f"module.{k}": v for k, v in network.state_dict().items()}
    return {
        "epoch": 3,
        "best": torch.nn.Parameter(torch.tensor(0.5)).item(),
        "args": argparse.Namespace(rate=1e-3, sizes=[3, 2], device=torch.device("cpu")),
        "dtype": torch.float32,
        "model": state,
        "optimizer": optimizer.state_dict(),
    }


def numbered(content, constants, path=""):
    """Nested arrays by published name as tensors of ``numbers_of``.

    Counters of batch norms and constants stay what they are.
    """
    found = collections.OrderedDict()
    for name, value in content.items():
        inner = f"{path}{name}"
        if isinstance(value, dict):
            found[name] = numbered(value, constants, f"{inner}.")
        else:
            weight = value.dtype == np.float32 and inner not in constants
            array = numbers_of(inner, value.shape) if weight else np.array(value)
            found[name] = torch.from_numpy(array)
    return found


def write_published(head):
    """Every kind of published files, of networks that are small where they may be."""
    for name in KINDS:
        kind, variables = small_variables(name, head)
        constants = [".".join(kind.place(n)[1:]) for n in kind.constants]
        for file, content in publish(kind, variables).items():
            with lzma.open(PUBLISHED / f"{name}.{file}.pt.xz", "wb") as archive:
                torch.save(numbered(content, constants), archive)


if __name__ == "__main__":
    PUBLISHED.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    for make in (plain, views, checkpoint):
        content = make()
        torch.save(content, ARCHIVES / f"{make.__name__}.pt")
        old = ARCHIVES / f"{make.__name__}_legacy.tar"
        torch.save(content, old, _use_new_zipfile_serialization=False)
    with tempfile.TemporaryDirectory() as folder:
        write_published(write_head(Path(folder)))
