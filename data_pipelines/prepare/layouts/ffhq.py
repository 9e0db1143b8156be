"""FFHQ: aligned faces, each of another person, in one folder or in thousands."""

from pathlib import Path

from data_pipelines.prepare.entries import (
    Entry,
    Listing,
    below,
    listing,
    split_of_person,
)
from data_pipelines.sources.face_listing import find_pictures, is_clip


def list_entries(root: Path) -> Listing:
    """All pictures below the root.

    Raises:
      FileNotFoundError: there are none.
    """
    files = [below(root, p) for p in find_pictures(root) if not is_clip(p)]
    return listing(Entry(file, split_of_person(file), file) for file in files)
