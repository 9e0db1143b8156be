"""Means of metrics over an interval, kept on the device until they are logged."""

from collections.abc import Mapping

import jax
from clu import metrics as clu_metrics

from face_jax.types import Array


@jax.jit
def _start(values: Mapping[str, Array]) -> dict[str, clu_metrics.Average]:
    return {
        name: clu_metrics.Average.from_model_output(value)
        for name, value in values.items()
    }


@jax.jit
def _add(averages, values):
    return {name: averages[name].merge(new) for name, new in _start(values).items()}


class Accumulator:
    """Merges metrics of iterations on the device; one transfer when they are read."""

    def __init__(self):
        self._averages: dict[str, clu_metrics.Average] = {}

    def add(self, values: Mapping[str, Array]) -> None:
        """Adds one iteration's scalars.

        Args:
          values: name to scalar; the names of an interval must not change.
        """
        self._averages = (
            _add(self._averages, values) if self._averages else _start(values)
        )

    def read(self) -> dict[str, float]:
        """Means since the last reading, on the host; starts anew."""
        host = jax.device_get(self._averages)
        self._averages = {}
        return {name: float(average.compute()) for name, average in host.items()}
