"""face_jax: face reenactment, occluded expressions and 3D faces in JAX.

model = face_jax.load("runs/demo")  # of any system
faces = face_jax.in_batches(partial(encode, model), pictures)  # any number of pictures
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from face_jax.api import load
    from face_jax.cli.compilation_cache import enable_compilation_cache
    from face_jax.temporal.chunks import in_batches

__all__ = ["enable_compilation_cache", "in_batches", "load"]
__version__ = "0.1.0"

_MODULES = {
    "enable_compilation_cache": "face_jax.cli.compilation_cache",
    "in_batches": "face_jax.temporal.chunks",
    "load": "face_jax.api",
}


def __getattr__(name: str) -> Any:
    """Imports what needs JAX when it is asked for: ``import face_jax`` is instant."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
