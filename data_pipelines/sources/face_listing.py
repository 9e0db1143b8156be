"""Finds pictures and clips of faces, says whom each shows, and chooses among persons."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from data_pipelines.sources.file_tables import words_of
from data_pipelines.sources.listing import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS
from data_pipelines.sources.records import PathLike

PEOPLE_RULES = ("files", "folders", "prefixes")


def find_pictures(root: Path, split: str | None = None) -> tuple[Path, ...]:
    """Lists pictures and clips in a folder and all folders in it, by name.

    Args:
      root: a folder, or one picture or clip.
      split: sub-folder of ``root`` to use.

    Raises:
      FileNotFoundError: it does not exist, or holds neither pictures nor clips.
    """
    where = root if split is None else root / split
    if not where.exists():
        raise FileNotFoundError(f"{where}: no such picture, clip or folder")
    if where.is_file():
        return (where,)
    files = sorted(path for path in where.rglob("*") if _is_picture(path))
    if not files:
        known = ", ".join((*IMAGE_EXTENSIONS, *VIDEO_EXTENSIONS))
        raise FileNotFoundError(f"{where}: expected pictures or clips ({known})")
    return tuple(files)


def is_clip(path: Path) -> bool:
    """Whether a file is a clip, by its name."""
    return path.suffix.lower() in VIDEO_EXTENSIONS


def name_people(files: Sequence[Path], root: Path, rule: PathLike) -> list[str]:
    """Names the person that each file shows.

    Args:
      files: pictures and clips.
      root: the folder that they were searched in.
      rule: ``files``: every file shows another person; ``folders``: those of a folder
        show the same; ``prefixes``: the person is what precedes the first ``_`` or
        ``#`` of the file's name; or the path of a text file with lines
        ``FILE PERSON``.

    Raises:
      FileNotFoundError: there is no such text file.
      ValueError: the text file has a line of another form, or lacks a file.
    """
    if rule == "files":
        return [str(path) for path in files]
    if rule == "folders":
        return [str(path.parent.relative_to(_folder(root))) for path in files]
    if rule == "prefixes":
        return [path.name.replace("#", "_").partition("_")[0] for path in files]
    if not Path(rule).is_file():
        raise FileNotFoundError(
            f"{rule}: no such list of people; expected {', '.join(PEOPLE_RULES)} or a "
            "text file with lines FILE PERSON"
        )
    return words_of(files, rule, "person")


def choose_people(
    people: Sequence[str],
    names: Sequence[str] | None = None,
    share: tuple[float, float] = (0.0, 1.0),
) -> set[str]:
    """Chooses among persons.

    Args:
      people: names of all of them; may repeat.
      names: those to choose; None takes all.
      share: the part to choose of all persons in an order that follows from their names
        alone: 0 to 0.8 and 0.8 to 1 are training and validation on any machine.

    Raises:
      ValueError: a name is not there, nobody is left, or the share is none.
    """
    low, high = share
    if not 0 <= low < high <= 1:
        raise ValueError(f"share: expected two increasing numbers of 0..1, got {share}")
    unknown = sorted(set(names or ()) - set(people))
    if unknown:
        raise ValueError(f"names: there is nobody called {', '.join(unknown)}")
    all_people = sorted(set(people if names is None else names), key=_order)
    count = len(all_people)
    chosen = set(all_people[round(low * count) : round(high * count)])
    if not chosen:
        raise ValueError(f"share: {share} of {count} persons are none")
    return chosen


def _is_picture(path: Path) -> bool:
    known = path.suffix.lower() in (*IMAGE_EXTENSIONS, *VIDEO_EXTENSIONS)
    return known and not path.name.startswith(".") and path.is_file()


def _folder(root: Path) -> Path:
    return root.parent if root.is_file() else root


def _order(name: str) -> bytes:
    # An order that mixes names, so that a share is like the whole.
    return hashlib.sha256(name.encode()).digest()
