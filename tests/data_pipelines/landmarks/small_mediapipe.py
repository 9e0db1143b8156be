"""A stand-in for the package ``mediapipe``: its names, arguments and results.

It records what it is asked for, and finds the faces it is told of. Its interface is that
of ``mediapipe`` 1.2.3.
"""

import dataclasses
import types
from typing import Any

import numpy as np

SRGB = "srgb"


@dataclasses.dataclass
class Recorder:
    """What was asked for, and what is to be found.

    Attributes:
      faces: for each picture in turn, its faces as [478, 2], 0 to 1 across the picture.
      options: of every landmarker that was opened.
      pictures: all that were looked at.
      closed: how many landmarkers were closed.
      refusal: raised when a landmarker is opened; or None.
    """

    faces: list[list[np.ndarray]] = dataclasses.field(default_factory=list)
    options: list[Any] = dataclasses.field(default_factory=list)
    pictures: list[np.ndarray] = dataclasses.field(default_factory=list)
    closed: int = 0
    refusal: Exception | None = None


def stand_in(recorder):
    """The package, to be put into ``sys.modules``."""

    class Image:
        def __init__(self, *, image_format, data):
            assert image_format == SRGB and data.dtype == np.uint8
            assert data.ndim == 3 and data.shape[2] == 3 and data.flags.c_contiguous
            self.data = data

    @dataclasses.dataclass
    class BaseOptions:
        model_asset_path: str | None = None

    @dataclasses.dataclass
    class FaceLandmarkerOptions:
        base_options: BaseOptions
        num_faces: int = 1
        min_face_detection_confidence: float = 0.5
        min_face_presence_confidence: float = 0.5

    class FaceLandmarker:
        @classmethod
        def create_from_options(cls, options):
            if recorder.refusal is not None:
                raise recorder.refusal
            recorder.options.append(options)
            return cls()

        def detect(self, image):
            assert isinstance(image, Image)
            faces = recorder.faces[len(recorder.pictures)]
            recorder.pictures.append(image.data)
            return types.SimpleNamespace(face_landmarks=[_points(f) for f in faces])

        def close(self):
            recorder.closed += 1

    vision = types.SimpleNamespace(
        FaceLandmarker=FaceLandmarker, FaceLandmarkerOptions=FaceLandmarkerOptions
    )
    package = types.ModuleType("mediapipe")
    package.Image, package.ImageFormat = Image, types.SimpleNamespace(SRGB=SRGB)
    package.tasks = types.SimpleNamespace(BaseOptions=BaseOptions, vision=vision)
    return package


def _points(face):
    return [types.SimpleNamespace(x=float(x), y=float(y), z=0.0) for x, y in face]
