"""MEAD: ``SUBJECT/video/VIEW/EMOTION/level_N/NUMBER.mp4`` of each subject."""

from pathlib import Path

from data_pipelines.prepare.entries import (
    TEST,
    TRAIN,
    VALIDATION,
    Entry,
    Listing,
    below,
    listing,
)
from data_pipelines.sources.face_listing import find_pictures, is_clip

VALIDATION_SUBJECTS = frozenset(["M013", "M023", "M042", "W018", "W028"])
TEST_SUBJECTS = frozenset(["M005", "M022", "M028", "W029", "W033"])
"""As SMIRK (arXiv 2404.04104) divides them; the rest are for training."""

EMOTIONS = {
    "neutral": "neutral",
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "fear": "fear",
    "disgusted": "disgust",
    "angry": "anger",
    "contempt": "contempt",
}
"""Names of folders and what they show."""


def list_entries(root: Path) -> Listing:
    """All clips of all views; those of no known emotion are left out, with the reason.

    Raises:
      FileNotFoundError: there are no clips.
    """
    entries, skipped = [], []
    for path in filter(is_clip, find_pictures(root)):
        file, folders = below(root, path), path.relative_to(root).parts[:-1]
        shown = [EMOTIONS[name] for name in folders if name in EMOTIONS]
        if shown:
            person = folders[0]
            entries.append(Entry(file, _split(person), person, shown[0]))
        else:
            skipped.append((file, f"in no folder of {', '.join(EMOTIONS)}"))
    if not entries:
        raise FileNotFoundError(
            f"{root}: expected clips like M003/video/front/happy/level_1/001.mp4"
        )
    return listing(entries, skipped)


def _split(person: str) -> str:
    if person in TEST_SUBJECTS:
        return TEST
    return VALIDATION if person in VALIDATION_SUBJECTS else TRAIN
