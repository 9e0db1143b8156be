"""Means of metrics over an interval, kept on the device until they are logged."""

from collections.abc import Mapping

import jax
from clu import metrics as clu_metrics

from face_jax.types import Array


@jax.jit
def _merge(averages, values):
    new = {
        name: clu_metrics.Average.from_model_output(value)
        for name, value in values.items()
    }
    return {
        name: averages[name].merge(average) if name in averages else average
        for name, average in new.items()
    }


class Accumulator:
    """Merges metrics of iterations on the device; one transfer when they are read."""

    def __init__(self):
        self._averages: dict[str, clu_metrics.Average] = {}

    def add(self, values: Mapping[str, Array]) -> None:
        """Adds one iteration's scalars.

        Args:
          values: name to scalar. Iterations may differ in their names: a mean is over
            those that have it.
        """
        known = {n: self._averages[n] for n in values if n in self._averages}
        self._averages = {**self._averages, **_merge(known, values)}

    def read(self) -> dict[str, float]:
        """Means since the last reading, on the host; starts anew."""
        host = jax.device_get(self._averages)
        self._averages = {}
        return {name: float(average.compute()) for name, average in host.items()}
