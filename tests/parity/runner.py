"""Runs golden-data files: every output of every file is checked."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.parity.fixture import Fixture, Result
from tests.parity.registry import find_part


def find_files(paths: Iterable[str]) -> list[Path]:
    """Golden-data files named directly or lying anywhere under a folder.

    Raises:
      FileNotFoundError: a path does not exist, or no file was found.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or folder")
        files += sorted(path.rglob("*.npz")) if path.is_dir() else [path]
    if not files:
        raise FileNotFoundError("no golden-data file (.npz) found")
    return files


def run_fixture(fixture: Fixture) -> Iterator[Result]:
    """Results of one file, a failure for each output that no check names.

    Raises:
      ValueError: the file's system or part is not known.
    """
    checked: list[str] = []
    if not fixture.outputs:
        yield Result.failed(str(fixture.path), "the file stores no outputs")
    for check in find_part(fixture)(fixture):
        checked.append(check.name)
        yield check.result()
    for name in fixture.unchecked(checked):
        yield Result.failed(name, "stored, but not checked")


def run_file(path: Path) -> bool:
    """Prints the results of one file; true when all of them pass."""
    passed = True
    try:
        fixture = Fixture(path)
        print(f"{path} ({fixture.system} {fixture.part})", flush=True)
        for result in run_fixture(fixture):
            print(result, flush=True)
            passed &= result.passed
    except Exception as error:  # one broken file must not hide the others
        print(f"  FAIL  {path}: {type(error).__name__}: {error}", flush=True)
        return False
    return passed
