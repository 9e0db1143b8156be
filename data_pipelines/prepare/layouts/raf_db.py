"""RAF-DB, basic expressions: ``EmoLabel/list_patition_label.txt`` and ``Image/aligned``."""

from pathlib import Path

from data_pipelines.prepare.entries import (
    TEST,
    Entry,
    Listing,
    existing,
    listing,
    training_split,
)
from data_pipelines.prepare.layouts import SEVEN
from data_pipelines.sources.file_tables import read_table

LABELS = ("EmoLabel/list_patition_label.txt", "basic/EmoLabel/list_patition_label.txt")
"""The owners spell it so."""


def list_entries(root: Path) -> Listing:
    """Aligned pictures; a twentieth of the owners' training is for validation.

    Persons are not told, so every picture counts as another one.

    Raises:
      FileNotFoundError: the list or the folder of pictures is missing.
      ValueError: a line has another form or an unknown expression.
    """
    table = existing(root, *LABELS)
    folder = existing(table.parents[1], "Image/aligned")
    entries = []
    for name, number in read_table(table, "expression").items():
        if number not in map(str, range(1, 1 + len(SEVEN))):
            raise ValueError(f"{table}: expected 1 to {len(SEVEN)}, got {number!r}")
        stem = name.removesuffix(".jpg")
        file = (folder / f"{stem}_aligned.jpg").relative_to(root).as_posix()
        split = TEST if name.startswith("test_") else training_split(file)
        entries.append(Entry(file, split, file, SEVEN[int(number) - 1]))
    return listing(entries)
