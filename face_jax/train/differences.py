"""Where two nested mappings differ, for messages that name the place."""

from collections.abc import Iterator, Mapping
from typing import Any


def differences(was: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Values that are not the same in two JSON-like trees.

    Args:
      was: mappings of mappings; lists and tuples of the same values are equal, and a
        missing key is as good as None.
      now: the other tree.
      path: dotted place of both in a larger tree.

    Yields:
      Dotted place, the value in ``was`` and that in ``now``, in the order of the keys.
    """
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in sorted(set(was) | set(now)):
            place = f"{path}.{key}" if path else key
            yield from differences(was.get(key), now.get(key), place)
    elif _plain(was) != _plain(now):
        yield path, was, now


def _plain(value: Any) -> Any:
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value
