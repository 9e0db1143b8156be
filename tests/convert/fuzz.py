"""Mutated archives: each must be read, or refused in one line, and soon.

  python -m tests.convert.fuzz [COUNT]

Prints how many of COUNT (10000) were read and refused, the slowest one, and how much
memory the process took at most.
"""

import itertools
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from face_jax.convert.torch_archive import TorchArchive
from face_jax.convert.torch_types import StoredTensor
from tests.convert.archive_contents import ARCHIVES

HOSTILE = (
    b"cos\nsystem\n(Vtouch sprung\ntR.",
    b"cbuiltins\neval\n(V1\ntR.",
    b"c__builtin__\ngetattr\n.",
    b"\x80\x02Nr\xff\xff\xff\x7f.",
    b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
    b"../../../../etc/passwd",
)
"""Programs and names that are put somewhere into an archive."""
OPCODES = (
    b"(.0123FNIJKMPQRSTUVX]abcdeghijklopqrstu}\x80\x81\x85\x86\x87\x88\x89\x8a\x8c\x93"
)


def mutations(seed: int) -> Iterator[bytes]:
    """Archives of PyTorch, each changed at a few places, without end."""
    random = np.random.default_rng(seed)
    originals = [path.read_bytes() for path in sorted(ARCHIVES.glob("*.*"))]
    while True:
        data = bytearray(originals[random.integers(len(originals))])
        for _ in range(random.integers(1, 4)):
            _mutate(data, random)
        yield bytes(data)


def _mutate(data: bytearray, random: np.random.Generator) -> None:
    place = int(random.integers(len(data) + 1))
    kind = random.integers(5)
    if kind == 0 and place < len(data):
        data[place] ^= 1 << int(random.integers(8))
    elif kind == 1:
        del data[place:]
    elif kind == 2:
        data[place : place + 1] = OPCODES[random.integers(len(OPCODES)) :][:1]
    elif kind == 3:
        hostile = HOSTILE[random.integers(len(HOSTILE))]
        data[place : place + len(hostile)] = hostile
    else:
        data[place:place] = random.bytes(int(random.integers(1, 9)))
    if not data:
        data += b"\0"


def outcome(path: Path) -> str:
    """What becomes of a file; anything but a refusal in one line is an error."""
    try:
        with TorchArchive(path) as archive:
            _read_all(archive, archive.content)
    except ValueError as error:
        if not str(error).startswith(f"{path}: "):
            raise
        return "refused"
    return "read"


def _read_all(archive: TorchArchive, content: object) -> None:
    values = content.values() if isinstance(content, dict) else ()
    for value in values:
        if isinstance(value, StoredTensor):
            archive.read(value)
        _read_all(archive, value)


def fuzz(count: int, folder: Path, seed: int = 0) -> tuple[Counter[str], float]:
    """Outcomes of so many files, and the seconds that the slowest one took."""
    found: Counter[str] = Counter()
    path, slowest = folder / "mutated.pt", 0.0
    for data in itertools.islice(mutations(seed), count):
        path.write_bytes(data)
        start = time.perf_counter()
        found[outcome(path)] += 1
        slowest = max(slowest, time.perf_counter() - start)
    return found, slowest


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        numbers, seconds = fuzz(int((*sys.argv[1:], "10000")[0]), Path(name))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{dict(numbers)}, slowest {seconds:.2f} s, {memory:.0f} MiB at most")
