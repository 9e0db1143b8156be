"""What an evaluation on held-out frames writes."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_pipelines.video import write_image
from face_jax.fsrt.frame_scores import columns, curves
from face_jax.fsrt.suite import Results
from face_jax.tables import to_markdown


def write_results(
    results: Results,
    out: Path,
    checkpoint: str,
    measured: Mapping[str, Any] | None = None,
) -> None:
    """Writes ``report.json``, ``report.md``, ``frames.csv`` and pictures.

    The table has a row for every frame and region; ``frames.svg`` draws the whole frames
    along their clips, and there is one png for each sheet.

    Args:
      results: what was found.
      out: folder, made where needed.
      checkpoint: what was evaluated, for the heading.
      measured: under which conditions, see ``conditions``.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name, sheet in results.sheets.items():
        write_image(out / f"{name}.png", sheet.draw())
    tables = "\n".join(to_markdown(table) for table in results.tables())
    pictures = "\n".join(f"![{name}]({name}.png)" for name in results.sheets)
    if results.frames:
        pictures = f"![every frame](frames.svg)\n{pictures}"
        (out / "frames.svg").write_bytes(curves(results.frames))
        with (out / "frames.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(columns("hold_out"))
            table.writerows(row for scores in results.frames for row in scores.rows())
    text = f"# Evaluation of {checkpoint}\n\n{tables}\n{pictures}\n"
    numbers = {"checkpoint": checkpoint, **results.as_dict()}
    if measured is not None:
        numbers["conditions"] = dict(measured)
    (out / "report.md").write_text(text, encoding="utf-8")
    (out / "report.json").write_text(
        json.dumps(numbers, indent=1, allow_nan=False), encoding="utf-8"
    )
