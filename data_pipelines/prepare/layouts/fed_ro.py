"""FED-RO: faces with real occlusions in a folder for each expression; all for the test."""

from pathlib import Path

from data_pipelines.prepare.entries import TEST, Entry, Listing, below, listing
from data_pipelines.prepare.layouts import SEVEN
from data_pipelines.sources.face_listing import find_pictures, is_clip

WORDS = {
    "angry": "anger",
    "disgusted": "disgust",
    "fearful": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    **{name: name for name in SEVEN},
}
"""Names of folders and what they show."""


def list_entries(root: Path) -> Listing:
    """Pictures in folders that are named after an expression.

    Raises:
      FileNotFoundError: there are none.
    """
    entries, skipped = [], []
    for path in find_pictures(root):
        file, word = below(root, path), path.parent.name.lower()
        if word in WORDS and not is_clip(path):
            entries.append(Entry(file, TEST, file, WORDS[word]))
        else:
            skipped.append((file, f"in no folder of {', '.join(sorted(WORDS))}"))
    if not entries:
        raise FileNotFoundError(f"{root}: expected folders named after expressions")
    return listing(entries, skipped)
