"""Compiles a traced program for chips that are not here, and reads what it costs.

Nothing is computed and no array is allocated on the chips.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import jax

from face_jax.train.collectives import Collective, collectives
from face_jax.train.compiled_flops import compiled_flops
from face_jax.train.hlo import loops_of_unknown_length, parse
from face_jax.train.memory_traffic import memory_traffic
from face_jax.train.topologies import Chip, Topology

QUICK = {"optimization_level": 19}
"""XLA's effort O1: a compilation in a third of the time, whose program needs a little
more of all."""
READ_ONLY = {"xla_backend_optimization_level": 0}
"""Of emulated chips, whose program is only read: what follows the partitioner costs most
of the time."""


@dataclasses.dataclass(frozen=True)
class Costs:
    """What one run of a program asks of one chip.

    Attributes:
      flops: of products and convolutions.
      traffic_bytes: between memory and chip; None where the compiler is another one.
      collectives: what goes between chips.
      unknown_loops: loops that are counted once because their length is not known.
    """

    flops: float
    traffic_bytes: float | None
    collectives: tuple[Collective, ...]
    unknown_loops: int

    @property
    def network_bytes(self) -> float:
        """What the chip sends to others."""
        return sum(one.bytes for one in self.collectives)

    def seconds(self, chip: Chip) -> dict[str, float]:
        """How long each part would keep a chip busy at its stated peak."""
        return {
            "compute": self.flops / chip.peak,
            "memory": (self.traffic_bytes or 0.0) / chip.memory_bandwidth,
            "network": self.network_bytes / chip.link_bandwidth,
        }


@dataclasses.dataclass(frozen=True)
class ProgramPlan:
    """What is known of a program that was compiled for chips that are not here.

    Attributes:
      topology: the chips.
      chips: how many of them run it together.
      flops: of the whole program, see ``count_flops``.
      memory_bytes: that a chip needs; None where only the chip's compiler knows it.
      fits: whether it has as much; None likewise.
      costs: None where it does not fit: then there is no program.
      compile_seconds: that tracing and compiling took.
    """

    topology: Topology
    chips: int
    flops: float
    memory_bytes: float | None
    fits: bool | None
    costs: Costs | None
    compile_seconds: float

    @property
    def seconds(self) -> float | None:
        """A run at least, where compute, memory and network work side by side."""
        if self.costs is None or not self.topology.exact:
            return None
        return max(self.costs.seconds(self.topology.chip).values())

    @property
    def bound(self) -> str | None:
        """Which of ``compute``, ``memory`` and ``network`` that time is."""
        if self.costs is None or not self.topology.exact:
            return None
        parts = self.costs.seconds(self.topology.chip)
        return max(parts, key=lambda name: parts[name])

    @property
    def utilisation(self) -> float | None:
        """The share of the chips' peak that this would be at most, 0 to 1."""
        if not self.seconds:
            return None
        return self.flops / self.seconds / (self.topology.chip.peak * self.chips)


@dataclasses.dataclass(frozen=True)
class Compiled:
    """What a compiler of chips makes of a program.

    Attributes:
      memory_bytes: as ``ProgramPlan`` has it.
      fits: likewise.
      costs: likewise.
    """

    memory_bytes: float | None
    fits: bool | None
    costs: Costs | None


def compile_for(
    traced: jax.stages.Traced,
    topology: Topology,
    mesh: Mapping[str, int],
    quick: bool,
) -> Compiled:
    """Compiles a program for a topology.

    Args:
      traced: the program, whose arguments are shapes on the topology's devices.
      topology: the chips.
      mesh: names of axes to sizes; empty for one chip.
      quick: compile with little effort.

    Raises:
      jax.errors.JaxRuntimeError: the compiler failed, and not for want of memory.
    """
    options: dict[str, Any] = QUICK if quick else {}
    if not topology.exact:
        options = READ_ONLY
    try:
        compiled = traced.lower().compile(compiler_options=options)
    except jax.errors.JaxRuntimeError as error:
        needed = _needed_bytes(str(error))
        if needed is None:
            raise
        return Compiled(needed, False, None)
    costs = _costs(compiled, topology, mesh)
    if not topology.exact:
        return Compiled(None, None, costs)
    return Compiled(_memory(compiled), True, costs)


def _needed_bytes(message: str) -> float | None:
    """What the compiler says a chip would need, where it had too little memory."""
    for pattern in _OUT_OF_MEMORY:
        found = re.search(pattern, message)
        if found is not None:
            scale = 1024 ** " KMGT".index(found.group(2) or " ")
            return float(found.group(1)) * scale
    return None


_OUT_OF_MEMORY = (
    r"Used ([\d.]+)([KMGT]?) of [\d.]+[KMGT]? hbm",
    r"required for HLO temporaries \(([\d.]+)([KMGT]?)\) exceeds available HBM",
)
"""What TPUs' compiler says; the second is told early, and leaves the arguments out."""


def _memory(compiled: jax.stages.Compiled) -> float:
    found: Any = compiled.memory_analysis()
    inside = found.argument_size_in_bytes + found.temp_size_in_bytes
    # Results that overwrite arguments are counted with those.
    after = found.output_size_in_bytes - found.alias_size_in_bytes
    return inside + after + found.generated_code_size_in_bytes


def _costs(
    compiled: jax.stages.Compiled, topology: Topology, mesh: Mapping[str, int]
) -> Costs:
    program = parse(compiled.as_text() or "")
    return Costs(
        flops=compiled_flops(program),
        traffic_bytes=memory_traffic(program) if topology.exact else None,
        collectives=tuple(collectives(program, mesh)),
        unknown_loops=loops_of_unknown_length(program),
    )
