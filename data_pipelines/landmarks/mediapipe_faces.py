"""MediaPipe's face landmarker (arXiv 1907.06724 describes its mesh): 478 points of every
face, from a model file that the user has. The package ``mediapipe`` is imported on use."""

import importlib
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.landmarks.detectors import Face
from data_pipelines.landmarks.schemas import face_box, mediapipe_to_68
from data_pipelines.landmarks.tiles import distinct, tilings

SOURCE = (
    "face_landmarker.task comes from the page of MediaPipe's face landmarker, "
    "ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker"
)
"""Where the model comes from; for messages."""

INSTALL = "pip install 'face-jax[mediapipe]'"
LEAST_SCORE = 0.5
MOST_FACES = 16
"""More faces of one picture than these are not looked for."""


class MediaPipeDetector:
    """Finds faces by MediaPipe, picture by picture: no frame depends on another one.

    The landmarker overlooks small faces. Where it finds nobody in a whole picture, it is
    shown squares of it (``tilings``). Of ten photographs in pictures of 1280 x 720 pixels
    all faces are found down to a tenth of the height, alone by the whole picture down to
    a third (MediaPipe 1.2.3 with the networks of 0.10.21).
    """

    def __init__(self, model: Path, least_score: float = LEAST_SCORE):
        """Reads the model.

        Args:
          model: the ``.task`` file.
          least_score: of faces that count, 0 to 1.

        Raises:
          FileNotFoundError: there is no such file.
          ImportError: MediaPipe is not installed.
          ValueError: it is not the face landmarker.
        """
        if not model.is_file():
            raise FileNotFoundError(f"{model}: no such model file; {SOURCE}")
        self._package = _package()
        self._landmarker = _open(self._package, model, least_score)
        # MediaPipe's own destructor may come too late, when the process ends, and fail.
        weakref.finalize(self, self._landmarker.close).atexit = False

    def detect(self, frames: np.ndarray, first: int = 0) -> list[list[Face]]:
        """See ``FaceDetector``; the faces have landmarks and MediaPipe's mesh."""
        return [self._faces(frame) for frame in frames]

    def _faces(self, frame: np.ndarray) -> list[Face]:
        found = self._in_square(frame, 0, 0)
        for squares in tilings(frame.shape[1], frame.shape[0]):
            if found:
                break
            pairs = []
            for left, top, side in squares:
                part = frame[top : top + side, left : left + side]
                box = np.array([left, top, left + side, top + side], np.float64)
                pairs += [(face, box) for face in self._in_square(part, left, top)]
            found = distinct(pairs)
        return found

    def _in_square(self, part: np.ndarray, left: int, top: int) -> list[Face]:
        """Faces of a part of a picture, whose first pixel is at (left, top)."""
        image = self._package.Image(
            image_format=self._package.ImageFormat.SRGB, data=np.ascontiguousarray(part)
        )
        found = self._landmarker.detect(image)
        return [
            _face(points, part.shape, np.array([left, top]))
            for points in found.face_landmarks
        ]


def _face(points: Any, shape: tuple[int, ...], first: np.ndarray) -> Face:
    """A face of normalised points: x and y are 0 and 1 at the edges of what was seen."""
    height, width = shape[:2]
    places = np.array([(point.x, point.y) for point in points], np.float64)
    mesh = (places * [width, height] - 0.5 + first).astype(np.float32)
    landmarks = mediapipe_to_68(mesh)
    # The landmarker tells no score.
    return Face(face_box(landmarks.astype(np.float64)), landmarks, 1.0, mesh=mesh)


def _package() -> Any:
    try:
        # In a thread: the package keeps alive the frames that import it, and with them
        # detectors that should be closed before the process ends.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(importlib.import_module, "mediapipe").result()
    except ImportError as error:
        raise ImportError(
            f"the finder 'mediapipe' needs MediaPipe ({error}): {INSTALL}"
        ) from error


def _open(package: Any, model: Path, least_score: float) -> Any:
    vision = package.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=package.tasks.BaseOptions(model_asset_path=str(model)),
        num_faces=MOST_FACES,
        min_face_detection_confidence=least_score,
        min_face_presence_confidence=least_score,
    )
    try:
        return vision.FaceLandmarker.create_from_options(options)
    except (ValueError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{model}: expected MediaPipe's face landmarker, which cannot be made of it "
            f"({reason}); {SOURCE}"
        ) from error
