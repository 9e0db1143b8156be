"""Modules from the keywords of a config."""

from collections.abc import Callable, Mapping
from typing import Any


def build_module(
    module: Callable[..., Any],
    given: Mapping[str, Any],
    overrides: Mapping[str, Any] | None,
) -> Any:
    """A Linen module with fields that a config may change.

    Args:
      module: the class.
      given: its fields.
      overrides: fields by name that go before those, or None. Lists become tuples,
        which is what they were before they went through JSON, and can be hashed.

    Returns:
      The module.

    Raises:
      ValueError: it has no such field.
    """
    try:
        return module(**{**given, **_fields(overrides)})
    except TypeError as error:
        raise ValueError(f"networks: {error}") from error


def _fields(overrides: Mapping[str, Any] | None) -> dict[str, Any]:
    def hashable(value: Any) -> Any:
        is_sequence = isinstance(value, list | tuple)
        return tuple(map(hashable, value)) if is_sequence else value

    return {name: hashable(value) for name, value in (overrides or {}).items()}
