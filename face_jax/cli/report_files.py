"""The two texts of every evaluation: one to read, one for programs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def write_texts(
    folder: Path, heading: str, blocks: Sequence[str], numbers: Mapping[str, Any]
) -> None:
    """Writes ``report.md`` and ``report.json``.

    Args:
      folder: that is there.
      heading: of the text, Markdown.
      blocks: what follows, tables and pictures.
      numbers: JSON-like data.

    Raises:
      ValueError: a number is not finite.
    """
    content = json.dumps(numbers, indent=1, allow_nan=False)
    text = "\n".join([f"# {heading}", "", *blocks])
    (folder / "report.md").write_text(f"{text}\n", encoding="utf-8")
    (folder / "report.json").write_text(content, encoding="utf-8")
