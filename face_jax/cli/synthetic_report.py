"""What a data set of synthetic faces holds, in numbers and in pictures to look at."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.sources.records import RecordSource, decode_picture
from data_pipelines.sources.synthetic_settings import SPLITS, VERSION
from data_pipelines.video import write_image
from face_jax import viz
from face_jax.tables import Table, to_markdown

SHEET_PEOPLE = 8
"""Persons on the sheet of expressions, and pictures of each occluder."""
SHEET_FRAMES = 40
"""Frames of one clip on its sheet."""
FRAMES_IN_A_ROW = 10
NO_OCCLUDER = "none"


def write_report(folder: Path) -> Path:
    """Writes ``report.md`` and the sheets it shows.

    Args:
      folder: of a complete data set.

    Returns:
      Path of the report.
    """
    counts = json.loads((folder / "complete.json").read_text(encoding="utf-8"))
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    sheets = {}
    if any(counts["images"].values()):
        sheets["faces"] = faces_sheet(folder)
        sheets["occluders"] = occluders_sheet(folder)
    if any(counts["clips"].values()):
        sheets["clip"] = clip_sheet(folder)
    for name, sheet in sheets.items():
        if sheet is not None:
            write_image(folder / f"{name}.png", sheet)
    shown = [name for name, sheet in sheets.items() if sheet is not None]
    path = folder / "report.md"
    path.write_text(_text(settings, counts, shown), encoding="utf-8")
    return path


def faces_sheet(folder: Path) -> np.ndarray | None:
    """Persons side by side, one row for each expression, nothing before the face.

    Returns:
      uint8 [H, W, 3]; None without such pictures.
    """
    found: dict[int, dict[int, np.ndarray]] = {}
    names: Sequence[str] = ()
    for record, source in _images(folder):
        names = source.names["label"]
        persons = found.setdefault(int(record["label"]), {})
        if int(record["identity"]) not in persons:
            persons[int(record["identity"])] = decode_picture(record["clean_image"])
    # Persons who show most of the expressions come first.
    shown = [identity for persons in found.values() for identity in persons]
    people = sorted(set(shown), key=lambda identity: (-shown.count(identity), identity))
    rows = [
        [found.get(label, {}).get(identity) for identity in people[:SHEET_PEOPLE]]
        for label in range(len(names))
    ]
    return _sheet(rows, names)


def occluders_sheet(folder: Path) -> np.ndarray | None:
    """One row of pictures for each kind of occluder; None without such pictures."""
    found: dict[str, list[np.ndarray]] = {}
    names: Sequence[str] = ()
    for record, source in _images(folder):
        names = source.names["occluder"]
        pictures = found.setdefault(names[int(record["occluder"])], [])
        if len(pictures) < SHEET_PEOPLE:
            pictures.append(decode_picture(record["image"]))
    kinds = [name for name in names if name != NO_OCCLUDER and name in found]
    return _sheet([found[kind] for kind in kinds], kinds)


def clip_sheet(folder: Path) -> np.ndarray | None:
    """Frames of the first clip, evenly spread, with the landmarks in every second row."""
    split = next(_splits(folder, "clips"))
    clip = RecordSource(folder / "clips" / VERSION, split)[0]
    frames = RecordSource(folder / "frames" / VERSION, split)
    count = min(SHEET_FRAMES, int(clip["num_frames"]))
    numbers = np.linspace(0, int(clip["num_frames"]) - 1, count).round().astype(int)
    start = int(clip["first_frame"])
    pictures = [decode_picture(frames[start + int(n)]["image"]) for n in numbers]
    rows = []
    for first in range(0, count, FRAMES_IN_A_ROW):
        row = pictures[first : first + FRAMES_IN_A_ROW]
        points = clip["landmarks_68"][numbers[first : first + FRAMES_IN_A_ROW]]
        rows += [row, [_with_points(*pair) for pair in zip(row, points, strict=True)]]
    return _sheet(rows, ())


def _with_points(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    return viz.draw_points(picture, points, radius=1)


def _sheet(
    rows: Sequence[Sequence[np.ndarray | None]], titles: Sequence[str]
) -> np.ndarray | None:
    size = next((p.shape for row in rows for p in row if p is not None), None)
    if size is None:
        return None
    empty = np.full(size, 255, np.uint8)
    filled = [[empty if p is None else p for p in row] for row in rows]
    return viz.grid(filled, row_titles=titles)


def _images(folder: Path) -> Iterator[tuple[dict[str, Any], RecordSource]]:
    """All records of still pictures, as long as they are asked for."""
    for split in _splits(folder, "images"):
        source = RecordSource(folder / "images" / VERSION, split)
        for row in range(len(source)):
            yield source[row], source


def _splits(folder: Path, name: str) -> Iterator[str]:
    """The splits that a data set has."""
    for split in SPLITS:
        if any((folder / name / VERSION).glob(f"{name}-{split}.*")):
            yield split


def _text(settings: dict[str, Any], counts: dict[str, Any], sheets: list[str]) -> str:
    kinds = ("people", "images", "clips")
    rows = [[split, *(counts[kind][split] for kind in kinds)] for split in SPLITS]
    tables = [Table("How many there are in each split.", ("split", *kinds), rows)]
    for name in ("labels", "occluders"):
        if counts[name]:
            title = f"Still pictures by {name}."
            found = [[key, value] for key, value in counts[name].items()]
            tables.append(Table(title, (name, "images"), found))
    chosen = ", ".join(f"{name} {value}" for name, value in settings.items())
    parts = ["# Synthetic faces\n", *map(to_markdown, tables), f"Settings: {chosen}.\n"]
    parts += [f"![{name}]({name}.png)\n" for name in sheets]
    return "\n".join(parts)
