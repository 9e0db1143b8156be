"""Chips to compile for."""

import jax
import pytest

from face_jax.train.topologies import topology
from tests.train.chips import needs_compiler


@pytest.fixture(params=["cpu", pytest.param("v5e:4x2", marks=needs_compiler)])
def eight_chips(request):
    """Emulated ones, and those of a TPU that is not here."""
    if request.param == "cpu":
        return jax.devices()
    return topology(request.param).devices
