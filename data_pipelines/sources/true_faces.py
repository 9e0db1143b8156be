"""The faces of synthetic pictures and clips as their records tell them: ground truth."""

import numpy as np

from data_pipelines.landmarks.files import LandmarkTrack
from data_pipelines.sources.base import Clip
from data_pipelines.sources.faces import FacePicture


def track_of_clip(clip: Clip) -> LandmarkTrack:
    """The landmarks of a clip, for the finder ``truth``.

    Raises:
      ValueError: its collection knows none.
    """
    return _track(clip.name, clip.landmarks, clip.detected)


def track_of_picture(face: FacePicture) -> LandmarkTrack:
    """The landmarks of a picture, for the finder ``truth``.

    Raises:
      ValueError: they are not known.
    """
    points = None if face.landmarks_68 is None else face.landmarks_68[None]
    return _track(face.name, points, np.ones(1, bool))


def _track(name: str, points: np.ndarray | None, valid: np.ndarray) -> LandmarkTrack:
    if points is None:
        raise ValueError(f"{name}: expected known landmarks, there are none")
    irises = np.full((len(points), 2, 2), np.nan, np.float32)
    return LandmarkTrack(np.asarray(points, np.float32), valid, irises)
