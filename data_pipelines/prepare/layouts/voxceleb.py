"""VoxCeleb as clips of faces: ``{train,test}/PERSON#VIDEO#BEGIN#END.mp4``.

The usual preprocessing of the first-order motion model names clips so. Folders of pictures
with such names are clips too.
"""

from pathlib import Path

from data_pipelines.prepare.entries import (
    TEST,
    TRAIN,
    Entry,
    Listing,
    below,
    existing,
    listing,
    training_split,
)
from data_pipelines.sources.listing import VIDEO_EXTENSIONS, frame_files


def list_entries(root: Path) -> Listing:
    """Clips of both splits; persons of ``train`` become training and validation.

    Raises:
      FileNotFoundError: there is neither ``train`` nor ``test``.
    """
    existing(root, "train", "test")
    entries = [
        Entry(below(root, path), split, _person(path))
        for folder in (TRAIN, TEST)
        if (root / folder).is_dir()
        for path in (root / folder).iterdir()
        if _is_clip(path)
        for split in [TEST if folder == TEST else training_split(_person(path))]
    ]
    return listing(entries)


def _person(path: Path) -> str:
    return path.name.partition("#")[0]


def _is_clip(path: Path) -> bool:
    if path.is_dir():
        return bool(frame_files(path))
    return path.suffix.lower() in VIDEO_EXTENSIONS
