"""How long a run's iteration takes on this machine, and what memory it needs.

No data is read and no weights are loaded: batches are made up and networks are random,
which the time does not depend on.
"""

import dataclasses
import time
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.train import partitioning
from face_jax.train.device_figures import planned_bytes
from face_jax.train.device_peaks import utilisation
from face_jax.train.flops import count_flops
from face_jax.train.loop import Trainer
from face_jax.train.state import abstract_state, random_state
from face_jax.train.step import compile_step
from face_jax.types import Batch

WARM_UP = 2
"""Iterations that are not timed."""


@dataclasses.dataclass(frozen=True)
class StepTiming:
    """What an iteration costs.

    Attributes:
      phase: name of the task's phase at that iteration.
      compile_seconds: to compile it.
      seconds: [rounds] per iteration, mean of a round.
      flops: floating-point operations of an iteration's products and convolutions, on all
        devices together, see ``count_flops``.
      memory_bytes: the largest memory of one device, as XLA plans it: state, batch and
        what lies between.
      utilisation: ``flops`` over what the devices can do in bfloat16, 0 to 1; None where
        that is not known.
    """

    phase: str
    compile_seconds: float
    seconds: tuple[float, ...]
    flops: float
    memory_bytes: int
    utilisation: float | None

    @property
    def best(self) -> float:
        """Seconds of an iteration in the fastest round."""
        return min(self.seconds)


def time_iteration(
    trainer: Trainer, iteration: int, steps: int = 10, rounds: int = 3
) -> StepTiming:
    """Compiles an iteration of a run and repeats it.

    Args:
      trainer: the run; its work directory is not touched.
      iteration: which one, 0 or more; it decides on the phase.
      steps: iterations of a round.
      rounds: how often.

    Raises:
      ValueError: the batch does not divide the mesh.
      jax.errors.JaxRuntimeError: the device has too little memory, or another failure.
    """
    spec = trainer.streams.spec()
    rows = next(iter(spec.values())).shape[0]
    partitioning.check_batch_size(rows, trainer.accumulation, trainer.mesh)
    phase = trainer.task.phase(iteration)
    with jax.set_mesh(trainer.mesh):
        arguments, step = _prepare(trainer, iteration, spec)
        traced = step.trace(*arguments)
        lowered = traced.lower()
        begin = time.perf_counter()
        program = lowered.compile()
        compile_seconds = time.perf_counter() - begin
        seconds = _repeat(program, arguments, steps, rounds)
    flops = count_flops(traced.jaxpr)
    device = trainer.mesh.devices.flat[0]
    share = utilisation(flops, min(seconds), device.device_kind, trainer.mesh.size)
    return StepTiming(
        phase=str(phase.step),
        compile_seconds=compile_seconds,
        seconds=seconds,
        flops=flops,
        memory_bytes=planned_bytes(program) or 0,
        utilisation=share,
    )


def made_up_batch(spec: Mapping[str, jax.ShapeDtypeStruct]) -> dict[str, np.ndarray]:
    """Random pictures and numbers in [0, 1), and zeros where whole numbers name things.

    Args:
      spec: shapes and types of a batch.
    """
    rng = np.random.default_rng(0)

    def fill(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        if dtype == np.uint8:
            return rng.integers(0, 256, shape, np.uint8)
        if jnp.issubdtype(dtype, jnp.floating):
            return rng.random(shape, np.float32).astype(dtype)
        return np.zeros(shape, dtype)

    return {name: fill(each.shape, each.dtype) for name, each in spec.items()}


def _prepare(
    trainer: Trainer, iteration: int, spec: Mapping[str, jax.ShapeDtypeStruct]
) -> tuple[tuple, jax.stages.Wrapped]:
    """State, batch and key on their devices, and the iteration."""
    task, mesh, with_ema = trainer.task, trainer.mesh, trainer.ema_decay is not None
    shardings = (
        trainer.shardings_of(abstract_state(task, spec, with_ema)),
        partitioning.batch_sharding(mesh),
        partitioning.replicated(mesh),
    )
    key = jax.device_put(jax.random.key(trainer.seed), shardings[2])
    state = random_state(task, key, spec, with_ema, shardings[0])
    state = state.replace(step=jax.device_put(jnp.int32(iteration), shardings[2]))
    batch: Batch = jax.device_put(made_up_batch(spec), shardings[1])
    options = trainer.step_options()
    step = compile_step(task, task.phase(iteration), options, *shardings)
    return (state, batch, key), step


def _repeat(program: Callable, arguments: tuple, steps: int, rounds: int):
    state, batch, key = arguments
    for _ in range(WARM_UP):
        state, _ = program(state, batch, key)
    jax.block_until_ready(state)
    seconds = []
    for _ in range(rounds):
        begin = time.perf_counter()
        for _ in range(steps):
            state, _ = program(state, batch, key)
        jax.block_until_ready(state)
        seconds.append((time.perf_counter() - begin) / steps)
    return tuple(seconds)
