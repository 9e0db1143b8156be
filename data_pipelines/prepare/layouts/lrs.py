"""LRS2 and LRS3: clips of speakers.

LRS3 has ``{trainval,test}/SPEAKER/CLIP.mp4`` (``pretrain`` too), LRS2 ``main`` and
``pretrain`` with lists ``train.txt``, ``val.txt`` and ``test.txt`` of ``SPEAKER/CLIP``.
"""

from collections.abc import Iterator
from pathlib import Path

from data_pipelines.prepare.entries import (
    TEST,
    TRAIN,
    VALIDATION,
    Entry,
    Listing,
    below,
    existing,
    listing,
    training_split,
)
from data_pipelines.sources.face_listing import find_pictures, is_clip

LISTS = {"train.txt": TRAIN, "val.txt": VALIDATION, "test.txt": TEST}
TRAINING_FOLDERS = ("trainval", "pretrain")


def list_entries(root: Path) -> Listing:
    """Clips of both; a folder of clips is a person.

    Raises:
      FileNotFoundError: the root has the layout of neither.
      ValueError: a line of a list has another form.
    """
    existing(root, "trainval", "test", "main")
    if (root / "main").is_dir():
        return _second(root)
    entries = [
        Entry(below(root, path), split, path.parent.name)
        for folder in (*TRAINING_FOLDERS, TEST)
        for path in _clips(root / folder)
        for split in [TEST if folder == TEST else training_split(path.parent.name)]
    ]
    return listing(entries)


def _second(root: Path) -> Listing:
    """LRS2: what is in no list is left out, with the reason."""
    splits = {}
    for name, split in LISTS.items():
        for line in existing(root, name).read_text(encoding="utf-8").splitlines():
            # The list of the test has the speaker's group after each name.
            for clip in line.split()[:1]:
                splits[clip] = split
    clips = {below(root / "main", p.with_suffix("")): p for p in _clips(root / "main")}
    entries = [
        Entry(below(root, path), splits[clip], path.parent.name)
        for clip, path in clips.items()
        if clip in splits
    ]
    unlisted = f"in none of {', '.join(LISTS)}"
    skipped = [
        (below(root, p), unlisted) for clip, p in clips.items() if clip not in splits
    ]
    missing = "listed, but there is no such file"
    skipped += [(f"main/{clip}.mp4", missing) for clip in splits if clip not in clips]
    return listing(entries, skipped)


def _clips(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in find_pictures(folder) if is_clip(path))
