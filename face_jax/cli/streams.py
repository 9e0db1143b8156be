"""The data half and the training half of the library, put together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

import data_pipelines


class PipelineStreams:
    """The data of a run, from ``data_pipelines``, as the train loop asks for it.

    Args:
      data: the ``data`` block of a config.
      evals: the ``evals`` block.
      batch_size: rows of the global training batch.
      num_workers: data worker processes of each process.
      seed: everything random in the data follows from it.
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        evals: Mapping[str, Mapping[str, Any]],
        batch_size: int,
        num_workers: int,
        seed: int,
    ):
        self._data, self._evals = data, evals
        self._batch_size, self._num_workers = batch_size, num_workers
        self._seed = seed

    def spec(self) -> Mapping[str, jax.ShapeDtypeStruct]:
        """Shapes and types of the global training batch."""
        arrays = data_pipelines.element_spec(self._data, self._batch_size)
        return {
            name: jax.ShapeDtypeStruct(array.shape, array.dtype)
            for name, array in arrays.items()
        }

    def training(self, name: str, step: int) -> Iterator[Mapping[str, np.ndarray]]:
        """This process's rows of the training batches from a step on."""
        del name
        return data_pipelines.build(
            self._data,
            self._seed,
            self._batch_size,
            jax.process_index(),
            jax.process_count(),
            start_step=step,
            num_workers=self._num_workers,
        )

    def evaluations(self) -> Mapping[str, tuple[int, Callable[[], Iterable[Mapping]]]]:
        """Evaluation name to (iterations between runs, batches of one pass)."""
        return {
            name: (block["every"], self._pass(block["data"], block["batch_size"]))
            for name, block in self._evals.items()
        }

    @staticmethod
    def _pass(data: Mapping[str, Any], batch_size: int) -> Callable[[], Iterable]:
        dataset: list[Iterable] = []

        def batches() -> Iterable:
            # Built at first use and kept: its frames are decoded once.
            if not dataset:
                dataset.append(
                    data_pipelines.build_evaluation(
                        data, batch_size, jax.process_index(), jax.process_count()
                    )
                )
            return dataset[0]

        return batches
