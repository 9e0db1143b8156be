"""Text files that say something about each picture: whom it shows, which expression."""

from collections.abc import Sequence
from pathlib import Path

from data_pipelines.sources.records import PathLike


def read_table(path: PathLike, what: str) -> dict[str, str]:
    """Reads lines ``FILE WORD``.

    Args:
      path: the text file; names of files in it have no folders.
      what: what the words are, for messages.

    Returns:
      Name of the file to word.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: a line has another form.
    """
    path, table = Path(path), {}
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such text file; expected lines FILE {what.upper()}"
        )
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if len(words) != 2:
            raise ValueError(
                f"{path}, line {number}: expected FILE {what.upper()}, got {line!r:.50}"
            )
        table[words[0]] = words[1]
    return table


def words_of(files: Sequence[Path], path: PathLike, what: str) -> list[str]:
    """The word of every file, see ``read_table``.

    Raises:
      FileNotFoundError: there is no such table.
      ValueError: a line has another form, or a file is not in it.
    """
    table = read_table(path, what)
    missing = [file.name for file in files if file.name not in table]
    if missing:
        raise ValueError(
            f"{path}: expected a {what} for every file, {len(missing)} are missing, "
            f"the first is {missing[0]}"
        )
    return [table[file.name] for file in files]


def labels_of(files: Sequence[Path], path: PathLike, names: Sequence[str]) -> list[int]:
    """The label of every file from a table of names.

    Args:
      files: pictures and clips.
      path: text file with lines ``FILE LABEL``.
      names: the labels, in the order of their numbers.

    Raises:
      FileNotFoundError: there is no such table.
      ValueError: a line has another form, a file is not in it, or a label is unknown.
    """
    words = words_of(files, path, "label")
    unknown = sorted(set(words) - set(names))
    if unknown:
        raise ValueError(
            f"{path}: expected labels {', '.join(names)}, got {unknown[0]!r}"
        )
    return [names.index(word) for word in words]
