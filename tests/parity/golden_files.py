"""The golden files of a system as parameters of a test, and what the test asks."""

from collections.abc import Collection
from pathlib import Path

import pytest

from tests.parity.fixture import Fixture
from tests.parity.runner import run_fixture

FOLDER = Path(__file__).parent / "fixtures"


def golden_files(system: str, slow: Collection[str] = ()):
    """Parametrizes a test with the ``path`` of every file; ``slow`` names some."""
    files = [
        pytest.param(path, marks=[pytest.mark.slow] if path.stem in slow else [])
        for path in sorted((FOLDER / system).glob("*.npz"))
    ]
    assert files
    ids = [parameter.values[0].stem for parameter in files]
    return pytest.mark.parametrize("path", files, ids=ids)


def check(path: Path) -> None:
    """Runs a file; all of its outputs must be within their tolerances."""
    results = list(run_fixture(Fixture(path)))
    assert results
    failed = [str(result) for result in results if not result.passed]
    assert not failed, "\n".join(failed)
