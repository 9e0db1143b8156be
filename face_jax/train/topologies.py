"""Accelerators that need not be here: their devices for the compiler, and their facts.

With the package ``libtpu`` the real compiler of TPUs works on any Linux machine. Without
it as many emulated CPU devices stand in.
"""

import dataclasses
import importlib.metadata
import importlib.util
import logging
import math
import os
import re
from collections.abc import Sequence

import jax

from face_jax.train.device_peaks import BFLOAT16_PEAKS

log = logging.getLogger("face_jax")


@dataclasses.dataclass(frozen=True)
class Chip:
    """What the maker states of a chip.

    Attributes:
      kind: as ``jax.Device.device_kind`` has it.
      memory_bytes: high-bandwidth memory.
      memory_bandwidth: bytes/s between it and the chip.
      link_bandwidth: bytes/s that a chip sends to its neighbours, over all links.
      smallest: the smallest grid of such chips that their compiler knows, as the name of
        a topology has it.
    """

    kind: str
    memory_bytes: int
    memory_bandwidth: float
    link_bandwidth: float
    smallest: str

    @property
    def dimensions(self) -> int:
        """Of the grids in which such chips are linked."""
        return len(self.smallest.split("x"))

    @property
    def peak(self) -> float:
        """FLOP/s in bfloat16."""
        return BFLOAT16_PEAKS[self.kind]


CHIPS = {
    "v4": Chip("TPU v4", 32 << 30, 1200e9, 300e9, "2x2x1"),
    "v5e": Chip("TPU v5 lite", 16 << 30, 819e9, 200e9, "2x2"),
    "v5p": Chip("TPU v5", 95 << 30, 2765e9, 600e9, "2x2x1"),
    "v6e": Chip("TPU v6 lite", 32 << 30, 1638e9, 400e9, "2x2"),
}
"""Generations of TPUs, by the name that topologies begin with.

Source: cloud.google.com/tpu/docs/v4, /v5e, /v5p and /v6e. Of links it states both
directions together; half of it counts here. Those of v4: arXiv 2304.01433, table 4.
"""


@dataclasses.dataclass(frozen=True)
class Topology:
    """Chips to compile for.

    Attributes:
      name: such as ``v5e:16x16``.
      devices: one for each chip.
      chip: its facts.
      compiler: who compiles for it, with the version.
      exact: whether that is the chips' own compiler; if not, what a chip's memory holds
        and moves is not known.
    """

    name: str
    devices: Sequence[jax.Device]
    chip: Chip
    compiler: str
    exact: bool


def smallest_topology(generation: str) -> str:
    """The name of the smallest topology of a generation.

    Args:
      generation: such as ``v5e``.

    Raises:
      ValueError: there is no such generation.
    """
    if generation not in CHIPS:
        raise ValueError(
            f"chip {generation!r}: expected one of {', '.join(CHIPS)}, without a grid"
        )
    return f"{generation}:{CHIPS[generation].smallest}"


def parse_topology(name: str) -> tuple[Chip, tuple[int, ...]]:
    """The chip and the grid that a name such as ``v5p:4x4x4`` means.

    Args:
      name: generation and sizes.

    Raises:
      ValueError: there is no such generation, or its grids have other dimensions.
    """
    generation, _, sizes = name.partition(":")
    chip = CHIPS.get(generation)
    if chip is None or not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)*", sizes):
        raise ValueError(
            f"topology {name!r}: expected one of {', '.join(CHIPS)} and a grid, such as "
            "v5e:16x16 or v5p:4x4x4"
        )
    grid = tuple(int(size) for size in sizes.split("x"))
    if len(grid) != chip.dimensions:
        raise ValueError(
            f"topology {name!r}: chips of {generation} form a grid of {chip.dimensions} "
            f"dimensions, got {len(grid)}"
        )
    return chip, grid


def has_compiler() -> bool:
    """Whether the compiler of TPUs is installed."""
    return importlib.util.find_spec("libtpu") is not None


def emulate(names: Sequence[str]) -> None:
    """Asks for as many CPU devices as the largest topology has chips.

    Must be called before JAX is used; with TPUs' own compiler it is not needed.

    Args:
      names: of topologies.

    Raises:
      ValueError: as ``parse_topology``; or JAX is in use with fewer devices.
    """
    count = max(math.prod(parse_topology(name)[1]) for name in names)
    try:
        jax.config.update("jax_num_cpu_devices", count)
    except RuntimeError as error:
        if len(jax.devices("cpu")) < count:
            raise ValueError(
                f"{count} emulated CPU devices expected, JAX began with "
                f"{len(jax.devices('cpu'))}"
            ) from error


def topology(name: str) -> Topology:
    """The chips of a topology, through their compiler where it is installed.

    Args:
      name: such as ``v5e:16x16``.

    Raises:
      ValueError: there is no such topology, or too few emulated devices stand in.
    """
    chip, grid = parse_topology(name)
    if has_compiler():
        return _compiled(name, chip)
    count = math.prod(grid)
    devices = jax.devices("cpu")
    if len(devices) < count:
        raise ValueError(
            f"topology {name}: {count} emulated CPU devices expected, got {len(devices)}"
        )
    return Topology(
        name,
        devices[:count],
        chip,
        f"XLA's compiler of CPUs, jaxlib {importlib.metadata.version('jaxlib')}",
        exact=False,
    )


def _compiled(name: str, chip: Chip) -> Topology:
    from jax.experimental import topologies

    for variable, value in _COMPILE_ONLY.items():
        os.environ.setdefault(variable, value)
    options = _OPTIONS.get(chip.kind, {})
    try:
        found = topologies.get_topology_desc(
            platform="tpu", topology_name=name, **options
        )
    except (RuntimeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"topology {name}: libtpu does not know it, or cannot be used: {reason}"
        ) from error
    version = importlib.metadata.version("libtpu")
    return Topology(name, found.devices, chip, f"libtpu {version}", exact=True)


_COMPILE_ONLY = {
    # No chip is used: nobody is asked for its metadata, and a process that uses one, and
    # holds the lock, is not in the way.
    "TPU_SKIP_MDS_QUERY": "1",
    "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",
    "TPU_WORKER_HOSTNAMES": "localhost",
    "TPU_ACCELERATOR_TYPE": "v5litepod-8",
}
"""Settings of libtpu; those of the machine, where it has any, come first."""

_OPTIONS = {"TPU v4": {"chip_config_name": "megacore"}}
"""The two cores of a chip as one device, as JAX has them on such machines."""
