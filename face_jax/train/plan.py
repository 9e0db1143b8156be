"""Compiles a run's iteration for chips that are not here, and reads what it costs.

Nothing is computed and no array is allocated: the state is its shapes, placed on the
mesh by the same rules as in a run, and the step is the one that the loop calls.
"""

import dataclasses
import math
import time
from collections.abc import Mapping

import jax

from face_jax.train import partitioning
from face_jax.train.chip_costs import Compiled, ProgramPlan, compile_for
from face_jax.train.flops import count_flops
from face_jax.train.loop import Trainer
from face_jax.train.state import TrainState, abstract_state
from face_jax.train.step import compile_step
from face_jax.train.task import Phase
from face_jax.train.topologies import Topology

LARGE = 4 << 20
"""Bytes from which a tensor is worth splitting."""


@dataclasses.dataclass(frozen=True)
class Plan(ProgramPlan):
    """What is known of an iteration on a topology.

    Where its state alone is too much for a chip, that is its ``memory_bytes``.

    Attributes:
      mesh: names of axes to sizes.
      rows: of the global batch.
      phase: name of the task's phase.
      state_bytes: part of the state to its bytes on a chip, without padding.
      whole_moments: paths of large optimizer moments that every chip holds whole though
        the mesh has an ``fsdp`` axis.
      parameter_elements: elements of large tensors of parameters, as they are used.
    """

    mesh: Mapping[str, int]
    rows: int
    phase: str
    state_bytes: Mapping[str, int]
    whole_moments: tuple[str, ...]
    parameter_elements: tuple[int, ...]


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
    found = Compiled(sum(held.values()), False, None)
    if sum(held.values()) <= topology.chip.memory_bytes:
        with jax.set_mesh(trainer.mesh):
            found = compile_for(traced, topology, sizes, quick)
    return Plan(
        topology=topology,
        chips=trainer.mesh.size,
        flops=count_flops(traced.jaxpr),
        memory_bytes=found.memory_bytes,
        fits=found.fits,
        costs=found.costs,
        compile_seconds=time.perf_counter() - begin,
        mesh=sizes,
        rows=rows,
        phase=str(phase.step),
        state_bytes=held,
        whole_moments=whole_moments(abstract, shardings, sizes),
        parameter_elements=_parameter_elements(abstract, shardings, sizes),
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
