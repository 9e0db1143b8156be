"""What ``face-jax prepare`` shows of a data set: tables, and pictures with landmarks."""

from pathlib import Path

import numpy as np

from data_pipelines.prepare.entries import SPLITS
from data_pipelines.prepare.report import Report
from data_pipelines.sources.prepared import PreparedFaces
from data_pipelines.video import write_image
from face_jax import viz
from face_jax.tables import Table, to_markdown

PICTURES, COLUMNS, SIDE = 24, 8, 96
"""Of the sheet: how many, how many in a row, and their side in pixels."""
SHOWN = 20
"""Files that were left out are named one by one up to here; report.json has all."""


def write_report(folder: Path, title: str, report: Report) -> str:
    """Writes ``report.md`` and ``pictures.png``; returns what is printed."""
    write_image(folder / "pictures.png", sheet(folder, report))
    tables = [_splits(report)]
    rows: list[list[str | int]]
    if report.labels:
        rows = [[name, count] for name, count in report.labels.items()]
        tables.append(
            Table("Pictures and clips by expression.", ("expression", "files"), rows)
        )
    if report.skipped:
        rows = [[reason, count] for reason, count in sorted(report.reasons.items())]
        tables.append(Table("Left out.", ("reason", "files"), rows))
    printed = "\n".join(map(to_markdown, tables))
    named = [
        f"- {file}: {reason}, {why}" for file, reason, why in report.skipped[:SHOWN]
    ]
    if len(report.skipped) > SHOWN:
        named.append(f"- and {len(report.skipped) - SHOWN} more, see report.json")
    faceless = f"{report.without_face} stored frames of clips have no face.\n"
    text = [
        f"# {title}\n",
        printed,
        faceless,
        "\n".join(named),
        "\n![pictures](pictures.png)\n",
    ]
    (folder / "report.md").write_text("\n".join(text), encoding="utf-8")
    return f"{printed}\nreport, names of what was left out, and pictures: {folder}"


def sheet(folder: Path, report: Report) -> np.ndarray:
    """Pictures spread evenly over the largest split, with landmarks or outline."""
    split = max(SPLITS, key=lambda name: report.files[name])
    faces = PreparedFaces(folder, split)
    rows = np.linspace(0, len(faces) - 1, min(PICTURES, len(faces))).round().astype(int)
    shown = [_thumbnail(faces, int(row)) for row in rows]
    shown += [np.full_like(shown[0], 255)] * (-len(shown) % COLUMNS)
    return viz.grid([shown[i : i + COLUMNS] for i in range(0, len(shown), COLUMNS)])


def _thumbnail(faces: PreparedFaces, row: int) -> np.ndarray:
    """A frame with a face, in the middle of a square."""
    frames = faces.frames(row)
    face = faces.face(row, int(frames[len(frames) // 2]))
    points = face.outline if face.landmarks_68 is None else face.landmarks_68
    height, width = face.image.shape[:2]
    side = max(height, width)
    corner = (side - height) // 2, (side - width) // 2
    square = np.full((side, side, 3), 255, np.uint8)
    square[corner[0] : corner[0] + height, corner[1] : corner[1] + width] = face.image
    picture = viz.crop(square, np.array([0, 0, side, side]), SIDE, SIDE)
    return viz.draw_points(picture, (points + 0.5 + corner[::-1]) * (SIDE / side) - 0.5)


def _splits(report: Report) -> Table:
    columns = (report.files, report.frames, report.people)
    rows: list[list[str | int]] = [
        [split, *(column[split] for column in columns)] for split in SPLITS
    ]
    return Table("What is stored.", ("split", "files", "frames", "people"), rows)
