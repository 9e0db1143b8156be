"""The only training loop.

Order of an iteration: evaluate, save, fetch, step, log. Evaluation and checkpoint see
the state before the batch is drawn, so a resumed run draws the very same batch. Hooks of
the task come before all iterations and after the last one, before it is evaluated.
"""

import contextlib
import dataclasses
import json
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import jax
import numpy as np
from clu import parameter_overview
from jax.sharding import Mesh

from face_jax.train import partitioning
from face_jax.train.accumulator import Accumulator
from face_jax.train.checkpoints import Checkpoints
from face_jax.train.device_figures import DeviceFigures
from face_jax.train.distributed import from_host, global_batches, is_main_process
from face_jax.train.evaluate import Evaluator
from face_jax.train.failures import (
    CheckpointNotWrittenError,
    DataFailedError,
    NonFiniteError,
    first_line,
)
from face_jax.train.hooks import Hook, run_hook
from face_jax.train.interrupts import asked_to_stop
from face_jax.train.profile import Profile
from face_jax.train.state import TrainState, abstract_state, create_state
from face_jax.train.step import StepOptions, compile_step, guarded_terms
from face_jax.train.task import Phase, Task
from face_jax.train.timing import Clock
from face_jax.train.writers import Writer, make_writers, replace_file, write_all
from face_jax.types import Batch

log = logging.getLogger("face_jax")


class Streams(Protocol):
    """The data of a run, as the loop asks for it."""

    def spec(self) -> Mapping[str, jax.ShapeDtypeStruct]:
        """Shapes and types of the global training batch."""

    def training(self, name: str, step: int) -> Iterator[Mapping[str, np.ndarray]]:
        """This process's rows of the batches of a stream, from a step on."""

    def evaluations(self) -> Mapping[str, tuple[int, Callable[[], Iterable[Mapping]]]]:
        """Evaluation name to (iterations between runs, batches of one pass)."""


@dataclasses.dataclass(frozen=True)
class Trainer:
    """One run of one task: fields are the ``run`` and ``checkpoint`` blocks.

    Attributes:
      task: the system.
      streams: its data.
      workdir: folder of the run.
      config: the resolved config, stored beside the results.
      mesh: the device mesh.
      steps: iterations of the whole run.
      seed: of initialisation and of every draw in the step.
      log_every: iterations between two reports.
      save_every: iterations between two checkpoints; the last step is always saved.
      stop_after: leave after this many iterations without changing schedules.
      accumulation: micro-batches of an iteration.
      clip_norm: largest gradient norm of an update, or None.
      ema_decay: decay of a parameter average, or None for none.
      fsdp_min_bytes: size from which tensors are split over ``fsdp``, bytes.
      tensorboard: write TensorBoard files too.
      keep_latest: newest checkpoints to keep.
      keep_best: best checkpoints to keep besides.
      best_metric: evaluation figure that ranks checkpoints, for example
        ``"heldout/psnr"``.
      best_mode: whether that figure is better ``"max"`` or ``"min"``.
      verify_digests: compare the arrays of a checkpoint with their digests when it is
        read; without it flipped bits are not noticed.
      profile_at: iteration from which a profile is written, or None for none.
      profile_steps: iterations of the profile.
      report: called with the step of a complete checkpoint, and with the same one again
        when a run goes on from there; None for nothing.
      report_every: iterations between two calls; 0 for the end only.
    """

    task: Task
    streams: Streams
    workdir: Path
    config: Mapping[str, Any]
    mesh: Mesh
    steps: int
    seed: int = 0
    log_every: int = 10
    save_every: int = 1000
    stop_after: int | None = None
    accumulation: int = 1
    clip_norm: float | None = None
    ema_decay: float | None = None
    fsdp_min_bytes: int = 4 << 20
    tensorboard: bool = False
    keep_latest: int = 2
    keep_best: int = 1
    best_metric: str | None = None
    best_mode: str = "max"
    verify_digests: bool = True
    profile_at: int | None = None
    profile_steps: int = 3
    report: Callable[[int], None] | None = None
    report_every: int = 0

    def run(self) -> TrainState:
        """Trains from the newest intact checkpoint, or from scratch, to ``steps``.

        Returns:
          The last state.

        Raises:
          ValueError: the batch does not divide the mesh, or the work directory holds
            another model.
          NonFiniteError: a loss or a gradient was not finite; names step and term.
          DataFailedError: no batch can be made any more.
          CheckpointNotWrittenError: the disk is full, for example.
        """
        spec = self.streams.spec()
        rows = next(iter(spec.values())).shape[0]
        partitioning.check_batch_size(rows, self.accumulation, self.mesh)
        self.workdir.mkdir(parents=True, exist_ok=True)
        abstract = abstract_state(self.task, spec, self.ema_decay is not None)
        shardings = self.shardings_of(abstract)
        checkpoints = self._checkpoints()
        with _closing(checkpoints):
            state = self._resume(checkpoints, abstract, shardings)
            fresh = state is None
            if state is None:
                state = self._begin(shardings, spec)
            self._describe(state)
            run = _Run(self, checkpoints, shardings, state, rows, fresh)
            return run.to_the_end()

    def step_options(self) -> StepOptions:
        """What this run adds to the task's iteration."""
        return StepOptions(self.accumulation, self.clip_norm, self.ema_decay)

    def shardings_of(self, abstract: TrainState) -> TrainState:
        """Where the arrays of a state live; what is worth saying of it is logged.

        Args:
          abstract: the state's shapes.

        Returns:
          A sharding for every leaf.
        """
        placement = partitioning.place(
            abstract, self.mesh, self.task.partition_rules(), self.fsdp_min_bytes
        )
        if self.mesh.size > 1:
            for note in placement.notes:
                log.warning("%s", note)
        return placement.shardings

    def _checkpoints(self) -> Checkpoints:
        return Checkpoints(
            self.workdir,
            self.config,
            self.task.teachers(),
            self.keep_latest,
            self.keep_best,
            self.best_metric,
            self.best_mode,
            self.verify_digests,
        )

    def _resume(self, checkpoints, abstract, shardings) -> TrainState | None:
        teachers = self._teachers(shardings)
        state = checkpoints.restore_newest(abstract, shardings, teachers)
        if state is not None:
            log.info("going on from step %d in %s", int(state.step), self.workdir)
        return state

    def _begin(self, shardings, spec) -> TrainState:
        key = jax.random.fold_in(jax.random.key(self.seed), 0)
        with_ema = self.ema_decay is not None
        return create_state(self.task, key, spec, with_ema, shardings)

    def _teachers(self, shardings: TrainState) -> dict[str, Any]:
        names = self.task.teachers()
        if not names:
            return {}
        loaded = self.task.pretrained()
        return {n: from_host(loaded[n], shardings.frozen[n]) for n in names}

    def _describe(self, state: TrainState) -> None:
        if not is_main_process():
            return
        replace_file(self.workdir / "config.json", json.dumps(self.config, indent=2))
        text = parameter_overview.get_parameter_overview(
            {**state.params, **state.frozen}, include_stats="sharding"
        )
        replace_file(self.workdir / "parameters.txt", text + "\n")
        for name, tree in state.params.items():
            log.info("%s: %s parameters", name, f"{_count(tree):,}")


@contextlib.contextmanager
def _closing(checkpoints: Checkpoints) -> Iterator[None]:
    """Waits for what is being written; an error inside is told before one of the disk."""
    try:
        yield
    except BaseException as error:
        # Other processes may not know of the error, and would be waited for.
        if jax.process_count() == 1 or isinstance(error, NonFiniteError):
            with contextlib.suppress(CheckpointNotWrittenError):
                checkpoints.close()
        raise
    checkpoints.close()


class _Run:
    """The moving parts of ``Trainer.run``.

    Args:
      trainer: the run's settings.
      checkpoints: where states are saved.
      shardings: a sharding for every leaf of the state.
      state: the state to go on from.
      rows: of the global batch.
      fresh: whether the state is that of a new run, not of a checkpoint.
    """

    def __init__(
        self,
        trainer: Trainer,
        checkpoints: Checkpoints,
        shardings: TrainState,
        state: TrainState,
        rows: int,
        fresh: bool,
    ):
        self.trainer, self.checkpoints, self.shardings = trainer, checkpoints, shardings
        self.state, self.rows, self.fresh = state, rows, fresh
        self.step = self.start = int(state.step)
        allowed = trainer.steps if trainer.stop_after is None else trainer.stop_after
        self.last = min(trainer.steps, self.step + allowed)
        self.key = jax.jit(
            lambda: jax.random.fold_in(jax.random.key(trainer.seed), 1),
            out_shardings=partitioning.replicated(trainer.mesh),
        )()
        self.rows_sharding = partitioning.batch_sharding(trainer.mesh)
        self.clock, self.metrics = Clock(), Accumulator()
        self.figures: dict[str, float] = {}
        self.compiled: dict[Any, Callable] = {}
        self.stream: tuple[str, Generator] | None = None
        self.names: dict[Any, list[str]] = {}
        self.devices = DeviceFigures(trainer.mesh)
        self.profile = Profile(
            trainer.workdir / "profile", trainer.profile_at, trainer.profile_steps
        )
        self.writers = self._writers()
        self.evaluators = [
            Evaluator(name, trainer.task, batches, self.rows_sharding, every)
            for name, (every, batches) in trainer.streams.evaluations().items()
        ]

    def to_the_end(self) -> TrainState:
        """Iterates until the last step or a signal; returns the state there."""
        task = self.trainer.task
        try:
            with jax.set_mesh(self.trainer.mesh), asked_to_stop() as stop:
                if self.fresh:
                    self._call(task.before_training)
                while True:
                    leaving = self.step >= self.last or stop()
                    if self.step > self.start or leaving:
                        self._log(leaving)
                        if self._is_complete():
                            self._call(task.after_training)
                        self._evaluate()
                        self._save(leaving)
                    self._report_on_checkpoint(stop)
                    if leaving:
                        return self._leave()
                    self._iterate()
        finally:
            self._close_stream()
            self.profile.close()
            for writer in self.writers:
                writer.close()

    def _is_complete(self) -> bool:
        """Whether the last step is done, and was not yet in the checkpoint at start."""
        return self.step >= self.trainer.steps and (
            self.fresh or self.step > self.start
        )

    def _call(self, hook: Hook) -> None:
        self._close_stream()
        task = self.trainer.task
        with self.clock.spending("hooks"):
            self.state = run_hook(
                hook,
                self.state,
                self.shardings,
                lambda: self._open(task.phase(0).data, 0),
                task.teachers(),
            )

    def _iterate(self) -> None:
        phase = self.trainer.task.phase(self.step)
        if phase.step not in self.compiled:
            # A new phase starts an interval of its own; those that alternate share one.
            self._report()
        self.profile.before(self.step, self.state)
        with self.clock.spending("input"):
            batch = self._next_batch(phase.data)
        if phase.step in self.compiled:
            self.state, metrics = self.compiled[phase.step](self.state, batch, self.key)
        else:
            metrics = self._compile_and_step(phase, batch)
        self.names[phase.step] = guarded_terms(self.trainer.task, phase, metrics)
        self.metrics.add(metrics)
        self.devices.add(phase.step)
        self.step += 1
        self.clock.tick()

    def _compile_and_step(self, phase: Phase, batch):
        log.info("compiling the step of phase %r", phase.step)
        with self.clock.spending("compile"):
            function = compile_step(
                self.trainer.task,
                phase,
                self.trainer.step_options(),
                self.shardings,
                self.rows_sharding,
                partitioning.replicated(self.trainer.mesh),
            )
            self.compiled[phase.step] = function
            traced = function.trace(self.state, batch, self.key)
            self.devices.know(phase.step, traced.jaxpr)
            self.state, metrics = function(self.state, batch, self.key)
            jax.block_until_ready(metrics)
        return metrics

    def _next_batch(self, name: str) -> Batch:
        try:
            return next(self._batches(name))
        except Exception as error:
            if self.step > self.start and jax.process_count() == 1:
                self._save(leaving=True)
            if isinstance(error, ValueError | OSError):
                raise  # they tell which file or setting is wrong
            raise DataFailedError(
                f"step {self.step}: the next batch cannot be made ({first_line(error)})"
            ) from error

    def _batches(self, name: str) -> Iterator[Batch]:
        if self.stream is None or self.stream[0] != name:
            self._close_stream()
            self.stream = (name, self._open(name, self.step))
        return self.stream[1]

    def _open(self, name: str, step: int) -> Generator[Batch, None, None]:
        streams = self.trainer.streams
        return global_batches(lambda: streams.training(name, step), self.rows_sharding)

    def _close_stream(self) -> None:
        if self.stream is not None:
            self.stream[1].close()
            self.stream = None

    def _log(self, leaving: bool) -> None:
        if leaving or self.step % self.trainer.log_every == 0:
            self._report()

    def _report(self) -> None:
        values = {f"train/{n}": v for n, v in self.metrics.read().items()}
        if not values:
            return
        self._check_finite()
        clock = self.clock.report(self.rows)
        clock |= self.devices.report(clock.get("seconds_per_step"))
        values |= {f"clock/{n}": v for n, v in clock.items()}
        write_all(self.writers, self.step, values)

    def _check_finite(self) -> None:
        step = int(self.state.guard.step)
        if step < 0:
            return
        phase = self.trainer.task.phase(step)
        term = self.names[phase.step][int(self.state.guard.term)]
        raise NonFiniteError(
            f"step {step}: {term} is not finite; the last good checkpoint is kept in "
            f"{self.trainer.workdir}"
        )

    def _evaluate(self) -> None:
        self.figures = {}
        variables = None
        for evaluator in self.evaluators:
            if not evaluator.due(self.step, self.trainer.steps):
                continue
            self._report()
            variables = variables or self.state.variables(use_ema=True)
            with self.clock.spending("evaluation"):
                found = evaluator.run(variables)
            self.figures |= found.figures
            write_all(self.writers, self.step, found.figures, found.pictures)

    def _save(self, leaving: bool) -> None:
        if self.step == self.start and self.start > 0:
            return
        every = self.step % self.trainer.save_every == 0
        if leaving or every or self._is_reported_on():
            self._report()
            with self.clock.spending("save"):
                self.checkpoints.save(self.state, self.figures)

    def _is_reported_on(self) -> bool:
        trainer = self.trainer
        if trainer.report is None or not self.step:
            return False
        every = trainer.report_every
        return self.step == trainer.steps or bool(every and self.step % every == 0)

    def _report_on_checkpoint(self, stop: Callable[[], bool]) -> None:
        # One that waits for the run to leave need not wait for an evaluation: it is made
        # when the run goes on.
        if self.trainer.report is None or not self._is_reported_on() or stop():
            return
        self.checkpoints.wait()
        # It computes on a mesh of its own, or on none.
        with self.clock.spending("reports"), partitioning.outside_of_meshes():
            self.trainer.report(self.step)

    def _leave(self) -> TrainState:
        if self.step < self.last:
            log.info(
                "stopped at step %d; the same command goes on from here", self.step
            )
        return self.state

    def _writers(self) -> list[Writer]:
        if not is_main_process():
            return []
        trainer = self.trainer
        return make_writers(
            trainer.workdir, self.step, trainer.steps, trainer.tensorboard
        )


def _count(tree: Any) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(tree))
