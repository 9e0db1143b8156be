"""The golden data of measures, file by file."""

from pathlib import Path

import pytest

from tests.parity.fixture import Fixture
from tests.parity.runner import run_fixture

FOLDER = Path(__file__).parent / "fixtures" / "metrics"
SLOW = {"lpips_vgg16", "inception"}


def files() -> list:
    return [
        pytest.param(path, marks=[pytest.mark.slow] if path.stem in SLOW else [])
        for path in sorted(FOLDER.glob("*.npz"))
    ]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_outputs_are_the_published_ones(path):
    results = list(run_fixture(Fixture(path)))
    assert results
    failed = [str(result) for result in results if not result.passed]
    assert not failed, "\n".join(failed)
