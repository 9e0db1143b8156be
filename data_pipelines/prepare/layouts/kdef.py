"""KDEF: ``SUBJECT/SUBJECTEMOTIONANGLE.JPG``, such as ``AF01/AF01HAS.JPG``.

The subject is the session (A or B), the sex and a number; both sessions show the same
person. Angles are S (straight), HL and HR (half), FL and FR (full).
"""

import re
from pathlib import Path

from data_pipelines.prepare.entries import (
    Entry,
    Listing,
    below,
    listing,
    split_of_person,
)
from data_pipelines.sources.face_listing import find_pictures, is_clip

EMOTIONS = {
    "AN": "anger",
    "DI": "disgust",
    "AF": "fear",
    "HA": "happiness",
    "SA": "sadness",
    "SU": "surprise",
    "NE": "neutral",
}
_NAME = re.compile(r"[AB]([FM]\d\d)(AN|DI|AF|HA|SA|SU|NE)(S|HL|HR|FL|FR)")


def list_entries(root: Path) -> Listing:
    """All pictures whose names tell what they show, divided by persons.

    Raises:
      FileNotFoundError: there are none.
    """
    entries, skipped = [], []
    for path in find_pictures(root):
        named = _NAME.fullmatch(path.stem.upper())
        file = below(root, path)
        if named is None or is_clip(path):
            skipped.append((file, "a name unlike AF01HAS.JPG"))
            continue
        person, emotion, _ = named.groups()
        split = split_of_person(person)
        entries.append(Entry(file, split, person, EMOTIONS[emotion]))
    if not entries:
        raise FileNotFoundError(f"{root}: expected pictures like AF01/AF01HAS.JPG")
    return listing(entries, skipped)
