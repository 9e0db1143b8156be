"""Finders with the models that users have: ``make test-finders``.

Environment variables name the files: ``FACE_LANDMARKER`` MediaPipe's
``face_landmarker.task``, ``YUNET`` OpenCV's ``face_detection_yunet_2023mar.onnx``.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from data_pipelines.landmarks.finders import build_detector
from data_pipelines.landmarks.schemas import LEFT_EYE, RIGHT_EYE, face_box
from data_pipelines.sources.synthetic_images import SyntheticImages
from data_pipelines.sources.synthetic_settings import SyntheticSettings
from face_jax.cli.synthetic_data import generate

pytestmark = pytest.mark.finders
VARIABLES = {"mediapipe": "FACE_LANDMARKER", "yunet": "YUNET"}


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Twenty built-in faces with their true landmarks."""
    folder = tmp_path_factory.mktemp("faces")
    settings = SyntheticSettings(images=20, images_per_person=1, size=256, occluded=0)
    generate(folder, settings)
    splits = [SyntheticImages(folder, name) for name in ("train", "validation", "test")]
    return [split.face(row) for split in splits for row in range(len(split))]


@pytest.mark.parametrize("name", VARIABLES)
def test_built_in_faces_are_found_where_they_are(faces, name):
    model = Path(os.environ[VARIABLES[name]])
    detector = build_detector({"name": name, "model": model})
    apart, sides, errors = [], [], []
    for face in faces:
        (found,) = detector.detect(face.image[None])[0]
        true = face_box(face.landmarks_68).reshape(2, 2)
        side, box = np.ptp(true, axis=0).max(), found.box.reshape(2, 2)
        apart.append(np.linalg.norm(box.mean(axis=0) - true.mean(axis=0)) / side)
        sides.append(np.ptp(box, axis=0).max() / side)
        if found.landmarks is not None:
            errors.append(_error(found.landmarks, face.landmarks_68))
    assert np.median(apart) < 0.1 and 0.8 < np.median(sides) < 1.2
    assert name == "yunet" or np.median(errors) < 0.1


def _error(found, true):
    """Mean distance of the landmarks over that of the eyes."""
    eyes = [true[list(eye)].mean(axis=0) for eye in (LEFT_EYE, RIGHT_EYE)]
    distance = np.linalg.norm(found - true, axis=-1).mean()
    return distance / np.linalg.norm(eyes[1] - eyes[0])
