import dataclasses
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.train import device_figures
from face_jax.train.device_figures import DeviceFigures
from face_jax.train.device_peaks import BFLOAT16_PEAKS


@dataclasses.dataclass
class Device:
    device_kind: str
    peak: int | None = None

    def memory_stats(self):
        return self.peak and {"peak_bytes_in_use": self.peak, "bytes_in_use": 1}


def mesh_of(*devices):
    return types.SimpleNamespace(devices=np.array(devices), size=len(devices))


def product(rows):
    square = jnp.ones((rows, rows))
    return jax.make_jaxpr(jnp.dot)(square, square)


def test_phases_are_summed_and_compared_with_the_peak_of_all_devices(monkeypatch):
    kind = "NVIDIA H200"
    monkeypatch.setattr(
        jax, "local_devices", lambda: [Device(kind, 70), Device(kind, 90)]
    )
    figures = DeviceFigures(mesh_of(Device(kind), Device(kind)))
    figures.know("small", product(10))
    figures.know("large", product(20))
    for phase in ("small", "large", "large"):
        figures.add(phase)
    found = figures.report(seconds_per_step=0.5)
    rate = (2 * 10**3 + 2 * 2 * 20**3) / 1.5
    assert found["flops_per_second"] == pytest.approx(rate)
    assert found["utilisation"] == pytest.approx(rate / (2 * BFLOAT16_PEAKS[kind]))
    assert found["memory_bytes"] == 90
    assert figures.report(None) == {"memory_bytes": 90}


def test_what_is_not_known_is_left_out():
    figures = DeviceFigures(mesh_of(Device("cpu")))
    figures.know("small", product(10))
    figures.add("small")
    assert figures.report(2.0) == {"flops_per_second": 1000.0}
    assert device_figures.peak_memory_bytes() is None
