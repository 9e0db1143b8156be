"""Config files and their overrides, from the command line to plain data."""

import ast
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

import configs


def load_config(address: str, overrides: Sequence[str] = ()) -> ConfigDict:
    """Loads a config and changes some of its values.

    Args:
      address: path of a Python file with ``get_config(argument)``, and behind a colon
        its argument: ``configs/fsrt/demo.py:smoke``. Paths that start with
        ``configs/`` are found from anywhere.
      overrides: ``key=value`` with dotted keys: ``run.steps=200``. A value has the type
        that the config gives the key.

    Returns:
      The config, locked.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is no config, or an override names no key or has the wrong
        type.
    """
    file, _, argument = address.partition(":")
    config = _module(_find(Path(file))).get_config(argument)
    config.lock()
    for override in overrides:
        _override(config, override)
    return config


def plain(config: ConfigDict) -> dict[str, Any]:
    """The config as JSON-like data, as it is stored beside results."""
    return json.loads(config.to_json_best_effort())


def locate(config: ConfigDict, key: str, source: str) -> tuple[ConfigDict, str]:
    """Where a dotted key lives.

    Args:
      config: where to look.
      key: such as ``data.synthetic.path``.
      source: who asks for it, for the message.

    Returns:
      The block that has the value, and its name there.

    Raises:
      ValueError: there is no such key.
    """
    owner, value, name = config, config, key
    for name in key.split("."):
        known = sorted(value) if isinstance(value, ConfigDict) else []
        if name not in known:
            raise ValueError(f"{source}: no key {name!r}; keys there are {known}")
        owner, value = value, value[name]
    return owner, name


def _find(file: Path) -> Path:
    installed = Path(configs.__file__).parent.parent / file
    for candidate in (file, installed):
        if candidate.is_file():
            return candidate
    known = sorted(Path(configs.__file__).parent.glob("*/[a-z]*.py"))
    names = ", ".join(f"configs/{p.parent.name}/{p.name}" for p in known)
    raise FileNotFoundError(f"--config {file}: no such file; there are {names}")


def _module(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("face_jax_config", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"--config {file}: expected a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "get_config"):
        raise ValueError(f"--config {file}: expected a function get_config(argument)")
    return module


def _override(config: ConfigDict, override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals:
        raise ValueError(f"--set {override!r}: expected key=value")
    block, last = locate(config, key, f"--set {override!r}")
    value = _value(text, block[last])
    if value is None and isinstance(block[last], ConfigDict):
        raise ValueError(f"--set {override!r}: expected a block; {{}} is an empty one")
    try:
        with block.ignore_type() if _number(block[last]) else block.unlocked():
            block[last] = value
    except (AttributeError, TypeError) as error:
        raise ValueError(
            f"--set {override!r}: {error}; keys there are {sorted(block)}"
        ) from error


def _number(value: Any) -> bool:
    return isinstance(value, float)


def _value(text: str, current: Any) -> Any:
    if isinstance(current, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return float(value) if isinstance(current, float) else value
