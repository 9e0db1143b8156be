"""Versions of this library and of those that its numbers depend on."""

import platform
from importlib.metadata import PackageNotFoundError, version

import face_jax

LIBRARIES = ("jax", "jaxlib", "flax", "numpy", "opencv-python")


def versions() -> dict[str, str]:
    """Of this library, Python, and the libraries that numbers depend on."""
    found = {"face_jax": face_jax.__version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            # The library is there under another name, such as a headless OpenCV.
            continue
    return found
