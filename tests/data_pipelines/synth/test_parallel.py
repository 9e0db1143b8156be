"""Several processes draw a data set: the same bytes, and what goes wrong is told."""

from pathlib import Path

import pytest

from data_pipelines.synth.generate import is_complete, pictures_left
from data_pipelines.synth.parallel import generate_by_workers
from tests.data_pipelines.synth.plain_studio import (
    SETTINGS,
    equip,
    equip_badly,
    equip_with_a_killer,
    plain_head,
    run,
)
from tests.digests import digests

EVERYTHING = SETTINGS.images + SETTINGS.clips * SETTINGS.num_frames


def draw(folder: Path, equip=equip) -> list[int]:
    """Draws with two workers; returns what progress was told."""
    told: list[int] = []
    generate_by_workers(folder, SETTINGS, plain_head(), equip, 2, told.append)
    return told


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict[str, str]:
    """What one process writes."""
    folder = tmp_path_factory.mktemp("synthetic") / "alone"
    run(folder)
    return digests(folder)


def test_workers_write_the_same_bytes(tmp_path, alone):
    told = draw(tmp_path / "together")
    assert digests(tmp_path / "together") == alone
    assert told == sorted(told) and told[-1] == EVERYTHING
    before = draw(tmp_path / "together")
    assert before == [] and digests(tmp_path / "together") == alone


def test_a_killed_worker_is_told_and_the_next_run_goes_on(tmp_path, alone):
    folder = tmp_path / "killed"
    with pytest.raises(ChildProcessError, match="a worker process was killed"):
        draw(folder, equip_with_a_killer)
    left = pictures_left(folder, SETTINGS)
    assert 0 < left <= EVERYTHING and not is_complete(folder, SETTINGS)
    assert run(folder)[-1] == left
    assert digests(folder) == alone


def test_what_a_worker_raises_is_raised(tmp_path):
    with pytest.raises(ValueError, match="procedural: no such head"):
        draw(tmp_path / "faces", equip_badly)
    assert not list(tmp_path.rglob("*.partial"))
