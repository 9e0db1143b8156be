"""Compiles a run's iteration for chips that are not here, and reads what it costs.

Nothing is computed and no array is allocated: the state is its shapes, placed on the
mesh by the same rules as in a run, and the step is the one that the loop calls.
"""

import dataclasses
import math
import re
import time
from collections.abc import Mapping
from typing import Any

import jax
from jax.sharding import Mesh

from face_jax.train import partitioning
from face_jax.train.collectives import Collective, collectives
from face_jax.train.compiled_flops import compiled_flops
from face_jax.train.flops import count_flops
from face_jax.train.hlo import loops_of_unknown_length, parse
from face_jax.train.loop import Trainer
from face_jax.train.memory_traffic import memory_traffic
from face_jax.train.state import TrainState, abstract_state
from face_jax.train.step import compile_step
from face_jax.train.task import Phase
from face_jax.train.topologies import Chip, Topology

LARGE = 4 << 20
"""Bytes from which a tensor is worth splitting."""

QUICK = {"optimization_level": 19}
"""XLA's effort O1: a compilation in a third of the time, whose program needs a little
more of all."""


@dataclasses.dataclass(frozen=True)
class Costs:
    """What one iteration asks of one chip.

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
class Plan:
    """What is known of an iteration on a topology.

    Attributes:
      topology: the chips.
      mesh: names of axes to sizes.
      rows: of the global batch.
      phase: name of the task's phase.
      flops: of the whole iteration, see ``count_flops``.
      state_bytes: part of the state to its bytes on a chip, without padding.
      whole_moments: paths of large optimizer moments that every chip holds whole though
        the mesh has an ``fsdp`` axis.
      parameter_elements: elements of large tensors of parameters, as they are used.
      memory_bytes: that a chip needs, or its state alone where that is too much already;
        None where only the chip's compiler knows it.
      fits: whether it has as much; None likewise.
      costs: None where it does not fit: then there is no program.
      compile_seconds: that tracing and compiling took.
    """

    topology: Topology
    mesh: Mapping[str, int]
    rows: int
    phase: str
    flops: float
    state_bytes: Mapping[str, int]
    whole_moments: tuple[str, ...]
    parameter_elements: tuple[int, ...]
    memory_bytes: float | None
    fits: bool | None
    costs: Costs | None
    compile_seconds: float

    @property
    def seconds(self) -> float | None:
        """An iteration at least, where compute, memory and network work side by side."""
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
        if self.seconds is None:
            return None
        peak = self.topology.chip.peak * math.prod(self.mesh.values())
        return self.flops / self.seconds / peak


def plan_iteration(
    trainer: Trainer, topology: Topology, iteration: int, quick: bool = True
) -> Plan:
    """Compiles an iteration of a run for a topology.

    Args:
      trainer: the run, whose mesh is of the topology's devices; its work directory is
        not touched.
      topology: the chips.
      iteration: which one, 0 or more; it decides on the phase.
      quick: compile with little effort. A run compiles with more; its program needs a
        little less memory and time.

    Raises:
      ValueError: the batch does not divide the mesh.
      jax.errors.JaxRuntimeError: the compiler failed, and not for want of memory.
    """
    spec = dict(trainer.streams.spec())
    rows = next(iter(spec.values())).shape[0]
    partitioning.check_batch_size(rows, trainer.accumulation, trainer.mesh)
    abstract = abstract_state(trainer.task, spec, trainer.ema_decay is not None)
    shardings, sizes = trainer.shardings_of(abstract), dict(trainer.mesh.shape)
    phase = trainer.task.phase(iteration)
    held = state_bytes(abstract, shardings)
    begin = time.perf_counter()
    traced = _trace(trainer, phase, abstract, shardings, spec)
    compiled, needed, fits = None, float(sum(held.values())), False
    if needed <= topology.chip.memory_bytes:
        compiled, needed, fits = _compile(traced, trainer.mesh, topology, quick)
    return Plan(
        topology=topology,
        mesh=sizes,
        rows=rows,
        phase=str(phase.step),
        flops=count_flops(traced.jaxpr),
        state_bytes=held,
        whole_moments=whole_moments(abstract, shardings, sizes),
        parameter_elements=_parameter_elements(abstract, shardings, sizes),
        memory_bytes=needed,
        fits=fits,
        costs=None if compiled is None else _costs(compiled, topology, sizes),
        compile_seconds=time.perf_counter() - begin,
    )


def _trace(
    trainer: Trainer,
    phase: Phase,
    abstract: TrainState,
    shardings: TrainState,
    spec: Mapping[str, jax.ShapeDtypeStruct],
) -> jax.stages.Traced:
    """The step of the loop, on shapes."""
    step = compile_step(
        trainer.task,
        phase,
        trainer.step_options(),
        shardings,
        partitioning.batch_sharding(trainer.mesh),
        partitioning.replicated(trainer.mesh),
    )
    with jax.set_mesh(trainer.mesh):
        return step.trace(abstract, spec, jax.eval_shape(lambda: jax.random.key(0)))


def _compile(traced: jax.stages.Traced, mesh: Mesh, topology: Topology, quick: bool):
    """The program, what a chip needs and whether that fits; None is not known."""
    options: dict = QUICK if quick and topology.exact else {}
    if not topology.exact:
        # It is only read: what follows the partitioner costs most of the time.
        options = {"xla_backend_optimization_level": 0}
    try:
        with jax.set_mesh(mesh):
            compiled = traced.lower().compile(compiler_options=options)
    except jax.errors.JaxRuntimeError as error:
        needed = _needed_bytes(str(error))
        if needed is None:
            raise
        return None, needed, False
    if not topology.exact:
        return compiled, None, None
    return compiled, _memory(compiled), True


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
"""What TPUs' compiler says; the second is told early, and leaves the state out."""


def _memory(compiled: jax.stages.Compiled) -> float:
    found: Any = compiled.memory_analysis()
    inside = found.argument_size_in_bytes + found.temp_size_in_bytes
    # What the state after an iteration overwrites is counted with the arguments.
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


def state_bytes(abstract: TrainState, shardings: TrainState) -> dict[str, int]:
    """What a chip holds of each part of a state, without padding, bytes.

    Args:
      abstract: its shapes.
      shardings: where its arrays live.
    """
    parts = ("params", "opt_state", "frozen", "model_state", "ema")
    return {
        part: sum(
            _bytes(leaf, sharding)
            for leaf, sharding in zip(
                jax.tree.leaves(getattr(abstract, part)),
                jax.tree.leaves(getattr(shardings, part)),
                strict=True,
            )
        )
        for part in parts
    }


def _bytes(leaf: jax.ShapeDtypeStruct, sharding: jax.sharding.Sharding) -> int:
    return math.prod(sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize


def whole_moments(
    abstract: TrainState, shardings: TrainState, mesh: Mapping[str, int]
) -> tuple[str, ...]:
    """Paths of large optimizer moments that every chip holds whole, for no reason.

    Args:
      abstract: shapes of the state.
      shardings: where its arrays live.
      mesh: names of axes to sizes; without ``fsdp`` nothing is to be split.
    """
    if mesh["fsdp"] == 1:
        return ()
    leaves = jax.tree_util.tree_leaves_with_path(abstract.opt_state)
    places = jax.tree.leaves(shardings.opt_state)
    return tuple(
        partitioning.slash_path(path)
        for (path, leaf), place in zip(leaves, places, strict=True)
        if place.is_fully_replicated and _bytes(leaf, place) >= LARGE
    )


def _parameter_elements(
    abstract: TrainState, shardings: TrainState, mesh: Mapping[str, int]
) -> tuple[int, ...]:
    """Elements of split tensors once they are gathered over ``fsdp``, and before."""
    leaves = jax.tree.leaves((abstract.params, abstract.frozen))
    places = jax.tree.leaves((shardings.params, shardings.frozen))
    split = [
        leaf.size
        for leaf, place in zip(leaves, places, strict=True)
        if not place.is_fully_replicated
    ]
    return tuple(sorted({n // parts for n in split for parts in (1, mesh["tensor"])}))
