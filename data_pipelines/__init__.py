"""Data for face_jax: numpy, OpenCV, PyAV and Grain; no jax arrays, no devices.

The four functions are loaded on first use, so that programs which only read a video
do not pay for importing Grain.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data_pipelines.pipeline import (
        build,
        build_evaluation,
        build_source,
        element_spec,
    )

__all__ = ["build", "build_evaluation", "build_source", "element_spec"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from data_pipelines import pipeline

    return getattr(pipeline, name)
