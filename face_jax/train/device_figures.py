"""What the devices of a run do: memory, and their share of what they can compute."""

from collections.abc import Hashable
from typing import Any

import jax
from jax.sharding import Mesh

from face_jax.train.device_peaks import utilisation
from face_jax.train.flops import count_flops


class DeviceFigures:
    """Counts what the iterations between two reports compute.

    Args:
      mesh: the devices of the run.
    """

    def __init__(self, mesh: Mesh):
        self._mesh = mesh
        self._flops: dict[Hashable, float] = {}
        self._done, self._steps = 0.0, 0

    def know(self, phase: Hashable, jaxpr: Any) -> None:
        """Counts what an iteration of a phase computes, once, from its program."""
        self._flops[phase] = count_flops(jaxpr)

    def add(self, phase: Hashable) -> None:
        """One iteration of a phase is done."""
        self._done += self._flops[phase]
        self._steps += 1

    def report(self, seconds_per_step: float | None) -> dict[str, float]:
        """Figures since the last report, which then starts anew.

        Args:
          seconds_per_step: mean of the iterations since then, where there were any.

        Returns:
          ``flops_per_second`` of matrix products and convolutions, on all devices
          together; ``utilisation``, its share of their bfloat16 peak, where that is known;
          ``memory_bytes``, the largest memory that a device of this process has had so
          far, where the backend tells (CPUs do not).
        """
        figures = {}
        if seconds_per_step and self._steps:
            seconds = seconds_per_step * self._steps
            figures["flops_per_second"] = self._done / seconds
            device = self._mesh.devices.flat[0]
            kind, count = device.device_kind, self._mesh.size
            if share := utilisation(self._done, seconds, kind, count):
                figures["utilisation"] = share
        if peak := peak_memory_bytes():
            figures["memory_bytes"] = float(peak)
        self._done, self._steps = 0.0, 0
        return figures


def peak_memory_bytes() -> int | None:
    """The largest memory that a device of this process has had; None where unknown."""
    statistics = [device.memory_stats() or {} for device in jax.local_devices()]
    peaks = [found.get("peak_bytes_in_use", 0) for found in statistics]
    return max(peaks) or None


def planned_bytes(program: jax.stages.Compiled) -> int | None:
    """Bytes on one device that XLA plans: arguments, results and what lies between.

    None where the backend does not tell.
    """
    found = program.memory_analysis()
    if found is None:
        return None
    inside = found.argument_size_in_bytes + found.temp_size_in_bytes
    # What results overwrite, as a state does, is counted with the arguments.
    return inside + found.output_size_in_bytes - found.alias_size_in_bytes
