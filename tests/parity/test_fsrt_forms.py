"""On golden inputs and weights the fast form finds what the plain one does."""

import functools

import numpy as np
import pytest

from tests.parity import fsrt_networks
from tests.parity.fixture import Fixture
from tests.parity.golden_files import FOLDER

SHARE = 1e-5
"""Largest difference, as a share of the scale of an output."""

NETWORKS = ("KeypointDetector", "ExpressionEncoder", "Encoder", "Decoder")
FILES = [
    "kp_detector",
    "expression_encoder",
    "encoder_1src",
    "encoder_2src",
    "encoder_noexpr",
    "decoder",
    "decoder_small",
    pytest.param("e2e", marks=pytest.mark.slow),
]


def found(fixture):
    checks = fsrt_networks.PARTS[fixture.part](fixture)
    return {check.name: np.asarray(check.actual, np.float64) for check in checks}


@pytest.mark.parametrize("name", FILES)
def test_the_plain_form_finds_the_same(name, monkeypatch):
    fixture = Fixture(FOLDER / "fsrt" / f"{name}.npz")
    fast = found(fixture)
    for network in NETWORKS:
        built = functools.partial(getattr(fsrt_networks, network), form="plain")
        monkeypatch.setattr(fsrt_networks, network, built)
    plain = found(fixture)
    assert fast.keys() == plain.keys() and fast
    for output, expected in plain.items():
        limit = SHARE * np.abs(expected).max()
        np.testing.assert_allclose(fast[output], expected, atol=limit, rtol=0)
