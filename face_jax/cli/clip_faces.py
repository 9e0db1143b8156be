"""Faces in the frames of a generated clip and of the one that drove it."""

import dataclasses

import numpy as np

from data_pipelines.landmarks.detectors import FaceDetector, detect_faces
from data_pipelines.landmarks.following import FaceTrack, follow_face
from data_pipelines.landmarks.schemas import face_box
from data_pipelines.transforms import smirk_geometry as geometry
from data_pipelines.transforms.crops import crop_resize
from face_jax.cli.face_squares import outline_of


@dataclasses.dataclass(frozen=True)
class ClipFaces:
    """One clip, and the face that was followed through it.

    Attributes:
      frames: uint8, or float32 in [0, 255], [T, H, W, 3].
      track: of the face.
    """

    frames: np.ndarray
    track: FaceTrack

    @property
    def marked(self) -> np.ndarray:
        """Bool [T], where there are landmarks too."""
        return self.track.valid & np.isfinite(self.track.points).all(axis=(1, 2))

    def head_crops(self, rows: np.ndarray, size: int, scale: float) -> np.ndarray:
        """What SMIRK sees of some frames with faces, float32 [n, size, size, 3] to 255.

        By landmarks as it is trained; without them the box of a finished crop, or a
        square as much larger than the box of a face.

        Args:
          rows: int [n], numbers of the frames.
          size: pixels of a crop along each side.
          scale: side of a crop over that of the face.
        """
        crops = [self._head_crop(row, size, scale) for row in rows]
        return np.stack(crops).astype(np.float32)

    def aligned(self, rows: np.ndarray) -> np.ndarray:
        """Faces as recognition takes them, of frames with landmarks.

        Returns:
          float32 [n, 112, 112, 3] in [0, 255].
        """
        side = geometry.RECOGNITION_SIDE
        matrices = [geometry.recognition_matrix(self.track.points[row]) for row in rows]
        warped = [
            geometry.warp(self.frames[row], matrix, side)
            for row, matrix in zip(rows, matrices, strict=True)
        ]
        return np.stack(warped)

    def _head_crop(self, row: int, size: int, scale: float) -> np.ndarray:
        # In float32: OpenCV's 8-bit path rounds.
        frame, box = self.frames[row].astype(np.float32), self.track.boxes[row]
        if self.marked[row]:
            outline = outline_of(self.track.points[row])
            matrix = geometry.crop_matrix(outline, scale, size)
            samples = max(1, round(1 / matrix[0, 0]))
            return geometry.warp(frame, matrix, size, samples)
        if self.track.is_crop:
            return crop_resize(frame, box, size)
        middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).mean() / 2
        reach = scale * half
        return crop_resize(
            frame, np.array([*(middle - reach), *(middle + reach)]), size
        )


def marked_faces(frames: np.ndarray, landmarks: np.ndarray) -> ClipFaces:
    """Faces of frames [T, H, W, 3] where landmarks [T, 68, 2] say; NaN for none."""
    valid = np.isfinite(landmarks).all(axis=(1, 2))
    boxes = np.zeros((len(frames), 4))
    boxes[valid] = [face_box(points) for points in landmarks[valid]]
    return ClipFaces(frames, FaceTrack(boxes, valid, landmarks))


def find_faces(detector: FaceDetector, frames: np.ndarray) -> ClipFaces:
    """Follows the largest face through frames, uint8 or float32 in [0, 255]."""
    height, width = frames.shape[1:3]
    found = detect_faces(detector, iter(np.rint(frames).astype(np.uint8)))
    return ClipFaces(frames, follow_face(found, "largest", (width, height)))
