"""Items of really rendered people: landmarks follow from the truth and its camera."""

import dataclasses

import numpy as np
import pytest

from data_pipelines.items.faces import FaceFrame
from data_pipelines.items.smirk import SmirkItems
from data_pipelines.sources.synthetic_images import SyntheticImages
from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth.generate import generate
from data_pipelines.synth.scene import Studio
from face_jax.geometry.cameras import project_weak_perspective, projected_to_pixels
from face_jax.geometry.head import HeadParameters, pose_head
from face_jax.geometry.landmarks import landmarks_68, landmarks_mediapipe_105
from face_jax.heads.procedural import procedural_head

SETTINGS = SyntheticSettings(images=7, size=48, images_per_person=7, occluded=0.5)
SIZE = 64


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("people")
    head = procedural_head()
    generate(path, SETTINGS, head, Studio(head, SETTINGS.size))
    return SyntheticImages(path)


@pytest.mark.slow
def test_parameters_and_camera_draw_the_landmarks_of_the_crop(source):
    head = procedural_head()
    lengths = {name: len(value) for name, value in source.face(0).truth.items()}
    recipe = SmirkItems(size=SIZE, mode="plain", truth=lengths)
    names = [field.name for field in dataclasses.fields(HeadParameters)]
    for row in range(len(source)):
        item = recipe.evaluation_item(
            source, FaceFrame(row, 0), np.random.default_rng()
        )
        parameters = HeadParameters(**{n: item[n] for n in names if n in item})
        vertices = pose_head(head, parameters).vertices
        for name, points in (
            ("landmarks_68", landmarks_68(head, vertices, parameters)),
            ("landmarks_mediapipe", landmarks_mediapipe_105(head, vertices)),
        ):
            drawn = project_weak_perspective(points, item["camera"])
            found = projected_to_pixels(drawn, (SIZE, SIZE))
            expected = (item[name] + 1) / 2 * SIZE
            np.testing.assert_allclose(found, expected, atol=5e-3)
