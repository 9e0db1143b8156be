"""JSON files that appear whole or not at all, and folders that keep to their settings."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_json(path: Path, values: Any) -> None:
    """Writes a file that appears whole or not at all; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # One name: what a killed process left behind is written over.
    partial = path.with_name(f".{path.name}.partial")
    text = json.dumps(values, indent=1, sort_keys=True) + "\n"
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def read_json(path: Path) -> Any:
    """Reads a file.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: expected JSON: {error}") from error


def check_settings(path: Path, wanted: Mapping[str, Any]) -> None:
    """Refuses a folder that belongs to a data set of other settings.

    Args:
      path: file with the settings of the folder that it is in.
      wanted: JSON-like values by name.

    Raises:
      ValueError: names the first difference, or a file of settings that is none.
    """
    try:
        stored = read_json(path)
    except ValueError as error:
        raise ValueError(f"{path}: expected settings of a data set: {error}") from error
    if not isinstance(stored, dict):
        raise ValueError(f"{path}: expected settings of a data set, got {stored!r:.50}")
    for name, value in wanted.items():
        if stored.get(name) != value:
            raise ValueError(
                f"{path.parent}: holds a data set with {name} {stored.get(name)!r:.80}, "
                f"expected {value!r:.80}; choose another folder, or remove that one"
            )
