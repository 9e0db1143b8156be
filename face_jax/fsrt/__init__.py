"""FSRT, face reenactment from a few pictures and a driving video (arXiv 2404.09736).

The names below are what users of a trained model need; training is ``task.FsrtTask``.

    from face_jax import fsrt

    model = fsrt.load("runs/demo")
    scene = fsrt.encode_sources(model, [picture])
    video = fsrt.animate(model, scene, driving_frames)
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from face_jax.fsrt.inference import animate, describe_frames, encode_sources, load
    from face_jax.fsrt.model import Model, Scene
    from face_jax.fsrt.motion import Motion, MotionOptions
    from face_jax.fsrt.source_selection import select_sources

__all__ = [
    "Model",
    "Motion",
    "MotionOptions",
    "Scene",
    "animate",
    "describe_frames",
    "encode_sources",
    "load",
    "select_sources",
]

_MODULES = {
    **dict.fromkeys(
        ("animate", "describe_frames", "encode_sources", "load"), "inference"
    ),
    **dict.fromkeys(("Model", "Scene"), "model"),
    **dict.fromkeys(("Motion", "MotionOptions"), "motion"),
    "select_sources": "source_selection",
}


def __getattr__(name: str) -> Any:
    # On first use: the train loop and the converters need no inference.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_MODULES[name]}")
    return getattr(module, name)
