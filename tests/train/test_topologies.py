"""Names of topologies, their chips, and who stands in for them."""

import math
import platform

import jax
import pytest

from face_jax.train import topologies
from face_jax.train.device_peaks import BFLOAT16_PEAKS
from face_jax.train.topologies import (
    CHIPS,
    emulate,
    parse_topology,
    smallest_topology,
    topology,
)
from tests.train.chips import EXPECTED, needs_compiler


def test_names():
    assert parse_topology("v5e:16x16") == (CHIPS["v5e"], (16, 16))
    assert parse_topology("v5p:4x4x4") == (CHIPS["v5p"], (4, 4, 4))
    assert all(chip.kind in BFLOAT16_PEAKS for chip in CHIPS.values())


@pytest.mark.parametrize("name", ["v5e", "v7:4x4", "v5e:0x4", "v5e:4x", "v5e:4x4 "])
def test_names_that_are_none(name):
    with pytest.raises(ValueError, match=r"expected one of v4, v5e, v5p, v6e and a"):
        parse_topology(name)


def test_grids_of_other_dimensions():
    with pytest.raises(ValueError, match="v5p form a grid of 3 dimensions, got 2"):
        parse_topology("v5p:4x4")


def test_emulated_devices_stand_in(monkeypatch):
    monkeypatch.setattr(topologies, "has_compiler", lambda: False)
    found = topology("v5e:2x2")
    assert found.devices == jax.devices()[:4] and found.chip is CHIPS["v5e"]
    assert not found.exact and found.compiler.startswith("XLA's compiler of CPUs")
    with pytest.raises(ValueError, match="256 emulated CPU devices expected, got 8"):
        topology("v5e:16x16")


def test_devices_cannot_be_added_later():
    assert len(jax.devices()) == 8
    emulate(["v5e:2x2", "v5e:4x2"])
    with pytest.raises(ValueError, match="16 emulated CPU devices expected, JAX began"):
        emulate(["v5e:4x4", "v5e:2x2"])


@pytest.mark.skipif(
    not EXPECTED or platform.machine() != "x86_64", reason="libtpu is for Linux, x86-64"
)
def test_the_compiler_of_tpus_is_among_the_test_tools():
    """Where it is missing, tests that need it are skipped: this one fails instead."""
    assert topologies.has_compiler(), "pip install 'face-jax[test]' again"


@needs_compiler
@pytest.mark.parametrize(
    ("name", "chips"), [("v4:2x2x2", 8), ("v5e:16x16", 256), ("v5p:4x4x4", 64)]
)
def test_the_compiler_knows_the_chips(name, chips):
    found = topology(name)
    assert len(found.devices) == chips and found.exact
    assert {device.device_kind for device in found.devices} == {found.chip.kind}


@pytest.mark.parametrize("generation", CHIPS)
def test_the_smallest_topology_has_few_chips(generation):
    chip, grid = parse_topology(smallest_topology(generation))
    assert chip is CHIPS[generation] and math.prod(grid) == 4


@needs_compiler
@pytest.mark.parametrize("generation", CHIPS)
def test_the_compiler_knows_the_smallest_topology(generation):
    found = topology(smallest_topology(generation))
    assert found.exact and found.devices[0].device_kind == found.chip.kind


@pytest.mark.parametrize("name", ["v7", "v5e:2x2", ""])
def test_generations_that_are_none(name):
    with pytest.raises(ValueError, match=r"expected one of v4, v5e, v5p, v6e, without"):
        smallest_topology(name)


@needs_compiler
def test_grids_that_are_not_built_are_refused():
    with pytest.raises(ValueError, match="v5e:3x5: libtpu does not know it"):
        topology("v5e:3x5")
