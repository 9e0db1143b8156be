"""YuNet (Machine Intelligence Research 2023, doi 10.1007/s11633-023-1423-y) as OpenCV
runs it: boxes and five points of faces, from a model file that the user has."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from data_pipelines.landmarks.detectors import Face
from data_pipelines.landmarks.five_points import box_of_five

SOURCE = (
    "YuNet is face_detection_yunet_2023mar.onnx of the OpenCV Zoo, "
    "github.com/opencv/opencv_zoo"
)
"""Where the model comes from; for messages."""

LONGEST_SIDE = 640
"""Larger pictures are shrunk to it, pixels: the network was trained on faces of 10 to 300
pixels, so that it finds those of a sixty-fourth of a picture up to about all of it."""
LEAST_SCORE = 0.6
MOST_OVERLAP = 0.3
"""Of two boxes that overlap more, the one with the lower score is dropped."""
_MOST_FACES = 1000


class YuNetDetector:
    """Finds faces by YuNet.

    The boxes are those of the five points (``box_of_five``), so that crops are alike
    with every detector; YuNet's own boxes follow the rule of WIDER FACE.
    """

    def __init__(
        self,
        model: Path,
        least_score: float = LEAST_SCORE,
        longest_side: int = LONGEST_SIDE,
    ):
        """Reads the model.

        Args:
          model: the ``.onnx`` file.
          least_score: of faces that count, 0 to 1.
          longest_side: larger pictures are shrunk to it, pixels.

        Raises:
          FileNotFoundError: there is no such file.
          ValueError: it is not YuNet.
        """
        self._longest_side = longest_side
        self._network = _read(model, least_score)

    def detect(self, frames: np.ndarray, first: int = 0) -> list[list[Face]]:
        """See ``FaceDetector``; the faces have no landmarks."""
        return [self._faces(frame) for frame in frames]

    def _faces(self, frame: np.ndarray) -> list[Face]:
        height, width = frame.shape[:2]
        scale = min(1.0, self._longest_side / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        seen = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        if scale < 1:
            seen = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
        self._network.setInputSize(size)
        rows = self._network.detect(seen)[1]
        if rows is None:
            return []
        points = rows[:, 4:14].reshape(-1, 5, 2).astype(np.float64)
        # Edges of pixels are what a scale is about, and centres lie half a pixel off.
        points = (points + 0.5) * [width / size[0], height / size[1]] - 0.5
        scores = np.clip(rows[:, 14], 0, 1).tolist()
        return [
            Face(box_of_five(five), None, score)
            for five, score in zip(points, scores, strict=True)
        ]


def _read(model: Path, least_score: float) -> cv2.FaceDetectorYN:
    if not model.is_file():
        raise FileNotFoundError(f"{model}: no such model file; {SOURCE}")
    blank = np.zeros((32, 32, 3), np.uint8)
    try:
        with _without_warnings():
            network = cv2.FaceDetectorYN.create(
                str(model), "", (32, 32), least_score, MOST_OVERLAP, _MOST_FACES
            )
        # Networks with other outputs are read as well, and fail when they run.
        network.detect(blank)
    except cv2.error as error:
        reason = str(error.err).replace(f": {model}", "").strip()
        raise ValueError(
            f"{model}: expected the YuNet network, which OpenCV cannot make of it "
            f"({reason}); {SOURCE}"
        ) from error
    return network


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """OpenCV 5 warns of a target that it has set by itself."""
    logging = cv2.utils.logging
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_ERROR)
    try:
        yield
    finally:
        logging.setLogLevel(before)
