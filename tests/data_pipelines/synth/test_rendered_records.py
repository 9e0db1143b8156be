"""Records of really rendered people hold the truth."""

import dataclasses

import numpy as np
import pytest

from data_pipelines.sources.records import RecordSource, decode_picture
from data_pipelines.sources.synthetic_settings import VERSION, SyntheticSettings
from data_pipelines.synth.generate import generate
from data_pipelines.synth.plan import OCCLUDER_NAMES
from data_pipelines.synth.scene import Studio
from face_jax.geometry.cameras import project_weak_perspective, projected_to_pixels
from face_jax.geometry.head import HeadParameters, pose_head
from face_jax.geometry.landmarks import landmarks_68, landmarks_mediapipe_105
from face_jax.heads.procedural import procedural_head

SETTINGS = SyntheticSettings(
    images=14, clips=1, num_frames=6, size=48, images_per_person=14, occluded=0.5
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("people")
    head = procedural_head()
    generate(path, SETTINGS, head, Studio(head, SETTINGS.size))
    return path


def records(folder, name):
    source = RecordSource(folder / name / VERSION, "train")
    return [source[row] for row in range(len(source))]


@pytest.mark.slow
def test_landmarks_follow_from_the_stored_parameters(folder):
    head, size = procedural_head(), (SETTINGS.size, SETTINGS.size)
    names = [field.name for field in dataclasses.fields(HeadParameters)]
    for record in records(folder, "images") + records(folder, "frames"):
        given = {name: record[name] for name in names if name in record}
        parameters = HeadParameters(**given)
        vertices = pose_head(head, parameters).vertices
        for name, points in (
            ("landmarks_68", landmarks_68(head, vertices, parameters)),
            ("landmarks_105", landmarks_mediapipe_105(head, vertices)),
        ):
            projected = project_weak_perspective(points, record["camera"])
            found = projected_to_pixels(projected, size)
            np.testing.assert_allclose(found, record[name], atol=1e-3)


@pytest.mark.slow
def test_the_occluders_mask_is_the_alpha_it_was_pasted_with(folder):
    hidden = 0
    for record in records(folder, "images"):
        image, clean, mask = (
            decode_picture(record[name]).astype(int)
            for name in ("image", "clean_image", "occluder_mask")
        )
        np.testing.assert_array_equal(image[mask == 0], clean[mask == 0])
        alpha = mask[..., None] / 255
        occluder = (image - (1 - alpha) * clean) / np.maximum(alpha, 1e-6)
        seen = mask > 60
        # What is left must be a colour, up to the rounding of 8 bits.
        room = 0.51 / alpha[seen]
        assert (occluder[seen] > -room).all() and (occluder[seen] < 255 + room).all()
        assert mask.any() == (OCCLUDER_NAMES[record["occluder"]] != "none")
        hidden += bool(mask.any())
    assert hidden > 2
