"""Programs that record how they are called and do what a test says, in place of others."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAUNCH = ROOT / "launch"

HEAD = """#!{python}
import json, os, subprocess, sys
from pathlib import Path

words = sys.argv[1:]
folder = Path({folder!r})
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps([{name!r}, *words]) + "\\n")


def following(name):
    \"\"\"The next line of a file that a test has written; the last one stays.\"\"\"
    first, *rest = (folder / name).read_text().split("\\n")
    (folder / name).write_text("\\n".join(rest or [first]))
    return first


"""


class StandIns:
    """A folder of such programs, first on the path.

    Args:
      folder: where they, their records and their answers lie.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir(parents=True)
        self.path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"

    def add(self, name: str, action: str = "") -> None:
        """Makes one: Python that knows ``words``, ``folder`` and ``following``."""
        head = HEAD.format(python=sys.executable, folder=str(self.folder), name=name)
        program = self.programs / name
        program.write_text(head + action)
        program.chmod(0o755)

    def answer(self, name: str, answers: Sequence[object]) -> None:
        """What ``following(name)`` gives, one after the other."""
        (self.folder / name).write_text("\n".join(map(str, answers)))

    def calls(self, program: str | None = None) -> list[list[str]]:
        """Calls so far, of all or of one program, in order."""
        records = self.folder / "calls"
        lines = records.read_text().splitlines() if records.exists() else []
        calls = [json.loads(line) for line in lines]
        return [call for call in calls if program in (None, call[0])]


@pytest.fixture
def stand_ins(tmp_path):
    return StandIns(tmp_path / "stand_ins")


def joining() -> str:
    """Action of a ``face-jax`` that joins its run, tells of it, and trains nothing."""
    return """
from face_jax.train import distributed
distributed.initialize()
import jax
from jax.experimental import multihost_utils
import numpy as np

indices = multihost_utils.process_allgather(np.asarray(jax.process_index()))
found = {"count": jax.process_count(), "indices": indices.tolist(), "words": words}
(folder / f"joined{jax.process_index()}.json").write_text(json.dumps(found))
"""


def real() -> str:
    """Action of a ``face-jax`` that is the real one."""
    return "sys.exit(subprocess.run([sys.executable, '-m', 'face_jax.cli', *words]).returncode)"


def assert_joined(stand_ins: StandIns, words: Sequence[str]) -> None:
    """Both processes of a run were one, and were called with the same words."""
    for index in range(2):
        found = json.loads((stand_ins.folder / f"joined{index}.json").read_text())
        assert found == {"count": 2, "indices": [0, 1], "words": list(words)}
