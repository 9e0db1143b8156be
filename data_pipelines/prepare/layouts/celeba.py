"""CelebA: ``img_align_celeba``, ``identity_CelebA.txt`` and ``list_eval_partition.txt``."""

from pathlib import Path

from data_pipelines.prepare.entries import (
    SPLITS,
    Entry,
    Listing,
    existing,
    listing,
)
from data_pipelines.sources.file_tables import read_table

PICTURES = ("img_align_celeba", "Img/img_align_celeba")
IDENTITIES = ("identity_CelebA.txt", "Anno/identity_CelebA.txt")
PARTITION = ("list_eval_partition.txt", "Eval/list_eval_partition.txt")
"""Where the files are: as they are unpacked, or in the folders of the owners' site."""


def list_entries(root: Path) -> Listing:
    """Pictures with their persons, divided as the owners do.

    Raises:
      FileNotFoundError: a table or the folder of pictures is missing.
      ValueError: a table has a line of another form.
    """
    folder = existing(root, *PICTURES)
    people = read_table(existing(root, *IDENTITIES), "person")
    splits = read_table(existing(root, *PARTITION), "part")
    entries, skipped = [], []
    for name, number in splits.items():
        file = (folder / name).relative_to(root).as_posix()
        if number not in ("0", "1", "2"):
            raise ValueError(f"{PARTITION[0]}: expected 0, 1 or 2, got {number!r}")
        if name not in people:
            skipped.append((file, f"no person in {IDENTITIES[0]}"))
        else:
            entries.append(Entry(file, SPLITS[int(number)], people[name]))
    return listing(entries, skipped)
