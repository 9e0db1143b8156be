"""What the archives hold, for tests without PyTorch."""

import zlib
from pathlib import Path

import numpy as np

ARCHIVES = Path(__file__).parent / "archives"
PUBLISHED = ARCHIVES / "published"
"""Archives of the kinds of published files, compressed: ``KIND.FILE.pt.xz``."""

TYPES = ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32")

PERIOD = 8191
NUMBERS = np.arange(PERIOD, dtype=np.float32) / 4096 - 1
"""Every weight of a stored network repeats these, which compress well."""


def numbers_of(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A weight of the stored networks: the same for each name and shape."""
    first = zlib.crc32(name.encode()) % PERIOD
    return np.resize(np.roll(NUMBERS, -first), shape)
