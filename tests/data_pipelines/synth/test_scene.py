import dataclasses

import numpy as np
import pytest

from data_pipelines.synth import sampling
from data_pipelines.synth.drawing import samples_of
from data_pipelines.synth.lighting import draw_lights
from data_pipelines.synth.rig import Rig
from data_pipelines.synth.scene import Pictures, Studio
from data_pipelines.synth.viewpoint import FACE_HEIGHT, Viewpoint
from face_jax.geometry.head import HeadModel
from tests.data_pipelines.synth.people_at_hand import model, person
from tests.data_pipelines.synth.plain_studio import plain_head

SIZE = 32
PEOPLE = (person("side_part", "full"), person("bald"))
TURNS = np.array([[0.0, 0.0, 0.0], [0.5, 0.1, 0.0]], np.float32)


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio(model(), SIZE)


def take(studio: Studio, **changes: object) -> Pictures:
    """Pictures of two people, one from the front and one turned."""
    still = np.zeros(2, np.float32)
    arguments = {
        "persons": PEOPLE,
        "parameters": Rig(model()).parameters(
            np.zeros((2, 47), np.float32), np.zeros((2, 2), np.float32), TURNS
        ),
        "cameras": Viewpoint(model()).cameras(
            TURNS, np.zeros((2, 2)), np.exp(still), 1.0
        ),
        "lights": [draw_lights(3), draw_lights(4)],
        "backgrounds": np.full((2, SIZE, SIZE, 3), 90, np.uint8),
    }
    return studio.render(**{**arguments, **changes})


@pytest.fixture(scope="module")
def pictures(studio) -> Pictures:
    return take(studio)


def test_the_fields_have_their_shapes_and_types(pictures):
    assert pictures.images.shape == (2, SIZE, SIZE, 3)
    for name in ("images", "labels", "face_mask", "foreground"):
        assert getattr(pictures, name).dtype == np.uint8
    assert pictures.depth.shape == (2, SIZE, SIZE)
    assert pictures.landmarks_68.shape == (2, 68, 2)
    assert pictures.landmarks_105.shape == (2, 105, 2)
    assert pictures.vertices.shape == pictures.projected.shape
    assert pictures.vertices.shape == (2, len(model().template), 3)


def test_the_same_arguments_give_the_same_bytes(studio, pictures):
    again = take(studio)
    for field in dataclasses.fields(Pictures):
        np.testing.assert_array_equal(
            getattr(pictures, field.name), getattr(again, field.name)
        )


def test_landmarks_lie_on_the_face(pictures):
    # Points inside the face; those of the contour lie on its edge.
    columns, rows = np.round(pictures.landmarks_68[:, 27:]).astype(int).T
    number = np.arange(2)[None]
    assert (pictures.face_mask[number, rows, columns] > 200).mean() > 0.9
    height = np.ptp(pictures.landmarks_68[0, :, 1])
    assert height == pytest.approx(FACE_HEIGHT * SIZE, rel=0.15)


def test_masks_agree_with_labels_and_depth(pictures):
    assert (pictures.face_mask <= pictures.foreground.astype(int) + 1).all()
    behind = pictures.labels == sampling.BACKGROUND_LABEL
    np.testing.assert_array_equal(np.isinf(pictures.depth), behind)
    assert (pictures.foreground[~behind] > 100).mean() > 0.97
    assert (pictures.foreground[behind] < 155).mean() > 0.97
    assert 0.15 < (pictures.face_mask > 128).mean() < 0.5


def test_labels_find_the_parts(pictures):
    front = pictures.labels[0]
    found = set(np.unique(front).tolist())
    assert {
        sampling.BACKGROUND_LABEL,
        sampling.SKIN_LABEL,
        sampling.LIPS_LABEL,
        sampling.HAIR_LABEL,
        sampling.CLOTHES_LABEL,
    } <= found
    marks = pictures.landmarks_68[0]
    column, row = np.round(marks[[51, 57]].mean(axis=0)).astype(int)
    assert front[row, column] in (sampling.LIPS_LABEL, sampling.MOUTH_LABEL)
    bald = pictures.labels[1]
    assert not (bald == sampling.HAIR_LABEL).any()


def test_backgrounds_are_seen_where_nobody_is(pictures):
    empty = pictures.foreground == 0
    assert empty.mean() > 0.15
    assert (np.abs(pictures.images[empty].astype(int) - 90) <= 1).all()
    shown = pictures.images[pictures.face_mask > 250].astype(float)
    assert shown.std() > 10 and 30 < shown.mean() < 230


def test_small_pictures_are_means_of_larger_ones():
    assert [samples_of(size) for size in (16, 32, 100, 128, 400)] == [8, 4, 2, 1, 1]


def test_wrong_numbers_are_refused(studio):
    with pytest.raises(ValueError, match=r"lights: expected \[2\], got \[1\]"):
        take(studio, lights=[draw_lights(3)])
    with pytest.raises(ValueError, match="backgrounds: expected"):
        take(studio, backgrounds=np.zeros((2, 16, 16, 3), np.uint8))
    with pytest.raises(ValueError, match="cameras: expected"):
        take(studio, cameras=np.zeros((3, 3), np.float32))


def without(head: HeadModel, region: str) -> HeadModel:
    regions = {name: mask for name, mask in head.regions.items() if name != region}
    return dataclasses.replace(head, regions=regions)


def test_heads_and_sizes_that_cannot_be_drawn_are_refused():
    with pytest.raises(ValueError, match="at least 16 pixels, got 8"):
        Studio(model(), 8)
    with pytest.raises(ValueError, match="expected region left_eyeball"):
        Studio(without(model(), "left_eyeball"), 32)
    with pytest.raises(ValueError, match="expected landmarks full_68"):
        Studio(dataclasses.replace(plain_head(), landmarks={}), 32)
