"""Reads and writes still pictures as uint8 RGB."""

import os
import secrets
from pathlib import Path

import av
import cv2
import numpy as np


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads a picture of any common format.

    Grey pictures become RGB, 16-bit ones 8-bit, an alpha channel is dropped, and the
    EXIF orientation is applied.

    Args:
      path: the picture.

    Returns:
      uint8 RGB [H, W, 3].

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is no readable picture; says what it is instead.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such image file")
    if path.is_dir():
        raise ValueError(f"{path}: expected an image file, found a folder")
    encoded = np.fromfile(path, np.uint8)
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB) if encoded.size else None
    if image is None:
        raise ValueError(f"{path}: expected an image, found {_describe(path, encoded)}")
    return image


def write_image(path: str | os.PathLike[str], image: np.ndarray) -> None:
    """Writes a picture in the format of its name; nothing half-written stays behind.

    Args:
      path: where the picture goes, such as ``face.png`` or ``face.jpg``.
      image: uint8 RGB [H, W, 3] or grey [H, W].

    Raises:
      FileNotFoundError: the folder does not exist.
      ValueError: the array is no such image, or the format is unknown.
    """
    path = Path(path)
    if image.dtype != np.uint8 or not (image.ndim == 2 or image.shape[2:] == (3,)):
        raise ValueError(
            f"{path}: expected a uint8 image [H, W, 3] or [H, W], got {image.dtype} "
            f"{list(image.shape)}"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: the folder {path.parent} does not exist")
    if not cv2.haveImageWriter(path.name):
        raise ValueError(
            f"{path}: no image format is known by the ending {path.suffix!r}"
        )
    stored = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(path.suffix, stored)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.partial")
    try:
        encoded.tofile(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _describe(path: Path, encoded: np.ndarray) -> str:
    """Says in a few words what an unreadable picture is."""
    if encoded.size == 0:
        return "an empty file"
    try:
        with av.open(str(path)) as container:
            kinds = {stream.type for stream in container.streams}
            if "video" in kinds and container.format.name not in ("image2", "tty"):
                return f"a video ({container.format.long_name}); take one of its frames"
            if "audio" in kinds:
                return f"sound ({container.format.long_name})"
    except av.error.FFmpegError:
        pass
    return f"{encoded.size} bytes starting with {bytes(encoded[:8])!r}"
