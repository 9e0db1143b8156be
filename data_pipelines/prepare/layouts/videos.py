"""Any folder of clips: ``.../PERSON/CLIP.mp4``, or clips alone."""

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
    """Clips below the root; those of one folder show the same person.

    Clips that lie in the root itself show a person each.

    Raises:
      FileNotFoundError: there are none.
    """
    clips = [path for path in find_pictures(root) if is_clip(path)]
    if not clips:
        raise FileNotFoundError(f"{root}: expected clips, found pictures alone")
    return listing(_entry(root, path) for path in clips)


def _entry(root: Path, path: Path) -> Entry:
    person = below(root, path if path.parent == root else path.parent)
    return Entry(below(root, path), split_of_person(person), person)
