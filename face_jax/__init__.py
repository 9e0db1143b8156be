"""face_jax: face reenactment, occluded expressions and 3D faces in JAX.

model = face_jax.load("runs/demo")  # of any system
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from face_jax.api import load

__all__ = ["load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Imports what needs JAX when it is asked for: ``import face_jax`` is instant."""
    if name != "load":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from face_jax.api import load

    return load
