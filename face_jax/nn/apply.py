"""Running a Linen module without mutable collections."""

from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn


def apply(
    module: nn.Module,
    variables: Mapping[str, Any],
    *inputs: Any,
    method: Callable[..., Any] | None = None,
) -> Any:
    """The module's result alone.

    ``Module.apply`` is typed as if it might return changed collections too, which it
    does only when asked to.

    Args:
      module: the module.
      variables: its variable dictionary.
      *inputs: of the method.
      method: the module's method, ``__call__`` by default.

    Returns:
      What the method returns.
    """
    return module.apply(variables, *inputs, method=method)
