"""Landmarks of a clip's frames in the coordinates that items need."""

import numpy as np

from data_pipelines.landmarks.schemas import (
    NUM_LANDMARKS,
    NUM_SEMANTIC_KEYPOINTS,
    mirror_landmarks,
    rescale_landmarks,
    semantic_keypoints,
)
from data_pipelines.sources.base import Clip
from data_pipelines.transforms.fsrt_geometry import NOMINAL_FACE, REFERENCE_SIDE


def face_points(clip: Clip, frames: np.ndarray) -> np.ndarray:
    """Landmarks (or the nominal face), ``[n, P, 2]`` on the reference scale."""
    if clip.landmarks is None:
        return np.broadcast_to(NOMINAL_FACE, (len(frames), 2, 2))
    landmarks = clip.landmarks[frames]
    reference = (REFERENCE_SIDE, REFERENCE_SIDE)
    return rescale_landmarks(landmarks, (clip.width, clip.height), reference)


def pixel_keypoints(clip: Clip, frames: np.ndarray, flip: bool) -> np.ndarray:
    """Semantic keypoints ``[n, K, 2]`` in pixel coordinates; zeros without landmarks."""
    if clip.landmarks is None:
        return np.zeros((len(frames), NUM_SEMANTIC_KEYPOINTS, 2), np.float32)
    landmarks = clip.landmarks[frames]
    if flip:
        landmarks = mirror_landmarks(landmarks, clip.width)
    size = np.array([clip.width, clip.height], np.float32)
    return (2 * semantic_keypoints(landmarks) + 1) / size - 1


def picture_landmarks(clip: Clip, frames: np.ndarray, size: int) -> np.ndarray:
    """Landmarks ``[n, 68, 2]`` in pixels of whole pictures; zeros without landmarks."""
    if clip.landmarks is None:
        return np.zeros((len(frames), NUM_LANDMARKS, 2), np.float32)
    landmarks = clip.landmarks[frames]
    return rescale_landmarks(landmarks, (clip.width, clip.height), (size, size))
