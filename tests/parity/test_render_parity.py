"""The golden data of the renderer, file by file."""

from pathlib import Path

import pytest

from tests.parity.fixture import Fixture
from tests.parity.runner import run_fixture

FOLDER = Path(__file__).parent / "fixtures" / "render"


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.npz")), ids=lambda path: path.stem
)
def test_outputs_are_the_published_ones(path):
    results = list(run_fixture(Fixture(path)))
    assert results
    failed = [str(result) for result in results if not result.passed]
    assert not failed, "\n".join(failed)
