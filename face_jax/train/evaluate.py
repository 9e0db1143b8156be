"""Evaluation of a task on a finite data set: inside the loop, or alone."""

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.train.distributed import to_global
from face_jax.train.task import Task
from face_jax.types import Array, Batch, Variables

log = logging.getLogger("face_jax")

HostBatch = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
      figures: metric name to mean over the samples.
      pictures: name to uint8 [H, W, 3], made from the first batch.
    """

    figures: dict[str, float]
    pictures: dict[str, np.ndarray]


class Evaluator:
    """Runs a task's ``predict`` and ``metrics`` over a data set.

    Batches may be padded; ``batch["mask"]`` [B] is 1 for real rows and 0 for padding.

    Args:
      name: prefix of its figures, for example ``"heldout"``.
      task: the system.
      batches: gives the batches of one pass, local rows of this process.
      sharding: how rows are split over the mesh.
      every: iterations between two runs inside the loop.
    """

    def __init__(
        self,
        name: str,
        task: Task,
        batches: Callable[[], Iterable[HostBatch]],
        sharding: jax.sharding.NamedSharding,
        every: int,
    ):
        self.name, self.every = name, every
        self._task, self._batches, self._sharding = task, batches, sharding
        self._predict = jax.jit(task.predict)
        self._sums = jax.jit(self._masked_sums)

    def due(self, step: int, last: int) -> bool:
        """Whether to run at a step of a run that ends at ``last``."""
        return step == last or (self.every > 0 and step > 0 and step % self.every == 0)

    def run(self, variables: Variables) -> Evaluation:
        """Evaluates the variables.

        Args:
          variables: network to Linen variable dictionary.

        Returns:
          Figures named ``<name>/<metric>`` and pictures.

        Raises:
          ValueError: the data set is empty.
        """
        totals: dict[str, float] = {}
        pictures: dict[str, np.ndarray] = {}
        for index, host_batch in enumerate(self._batches()):
            batch = to_global(host_batch, self._sharding)
            sums = jax.device_get(self._sums(variables, batch))
            totals = {n: totals.get(n, 0.0) + float(v) for n, v in sums.items()}
            if index == 0 and jax.process_count() == 1:
                outputs = jax.device_get(self._predict(variables, batch))
                pictures = self._task.pictures(host_batch, outputs)
        count = totals.pop("count", 0.0)
        if not count:
            raise ValueError(f"evaluation {self.name!r}: the data set has no samples")
        figures = {f"{self.name}/{n}": v / count for n, v in totals.items()}
        return Evaluation(figures, {f"{self.name}/{n}": p for n, p in pictures.items()})

    def _masked_sums(self, variables: Variables, batch: Batch) -> dict[str, Array]:
        outputs = self._task.predict(variables, batch)
        mask = batch["mask"].astype(jnp.float32)
        values = self._task.metrics(batch, outputs)
        sums = {name: jnp.sum(value * mask) for name, value in values.items()}
        return {**sums, "count": jnp.sum(mask)}
