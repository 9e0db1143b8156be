"""Latent-OFER's items from faces in memory."""

import dataclasses

import numpy as np
import pytest

from data_pipelines.items.faces import FaceFrame
from data_pipelines.items.latent_ofer import LatentOferItems
from data_pipelines.transforms.latent_ofer_item import latent_ofer_item
from tests.data_pipelines.items.memory_faces import HEIGHT, WIDTH, MemoryFaces

SIZE = 32
TRAIN = LatentOferItems(size=SIZE)
PLAIN = LatentOferItems(size=SIZE, mode="plain")


class HiddenFaces(MemoryFaces):
    """Faces whose right half is black but on pictures of row 0."""

    @property
    def labels(self):
        return np.array([-1, *range(1, len(self))])

    def face(self, row, frame):
        face = super().face(row, frame)
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[:, WIDTH // 2 :] = 255 if row else 0
        return dataclasses.replace(
            face,
            image=np.where(mask[..., None] > 0, 0, face.image),
            clean_image=face.image,
            occluder_mask=mask,
            occluder=row,
        )


def sample(recipe, faces, index=0, seed=0):
    return recipe.sample(faces, index, np.random.default_rng(seed))


def shapes(item):
    return {name: (array.shape, array.dtype) for name, array in item.items()}


@pytest.mark.parametrize("faces", [MemoryFaces(), HiddenFaces()])
@pytest.mark.parametrize("recipe", [TRAIN, PLAIN], ids=["train", "plain"])
def test_items_have_the_stated_shapes(recipe, faces):
    assert shapes(sample(recipe, faces, 1)) == dict(recipe.element_spec())
    item = PLAIN.evaluation_item(faces, FaceFrame(1, 2), np.random.default_rng())
    assert shapes(item) == dict(PLAIN.element_spec(evaluation=True))


def test_pictures_are_equal_outside_the_mask():
    hidden = 0
    for seed in range(12):
        item = sample(TRAIN, HiddenFaces(), seed % 3, seed)
        same = item["occluder_mask"] == 0
        np.testing.assert_array_equal(item["image"][same], item["clean_image"][same])
        assert same.all() == (item["occluder"] == 0)
        hidden += (item["image"][~same] != item["clean_image"][~same]).any()
    assert hidden == 8


def test_photographs_count_as_clean():
    item = sample(TRAIN, MemoryFaces(), 2)
    np.testing.assert_array_equal(item["image"], item["clean_image"])
    assert not item["occluder_mask"].any()
    assert (item["label"], item["occluder"], item["item_id"]) == (2, 0, 2)


def test_evaluation_is_plain_and_in_order():
    faces = HiddenFaces(3, num_frames=2, broken=(1,))
    records = PLAIN.evaluation_records(faces)
    assert records == [(0, 0), (0, 1), (2, 0), (2, 1)]
    item = PLAIN.evaluation_item(faces, records[3], np.random.default_rng(0))
    assert (item["label"], item["occluder"], item["identity"]) == (2, 2, 12)
    face = faces.face(2, 1)
    expected = latent_ofer_item(
        face.image, face.outline, face.clean_image, face.occluder_mask, size=SIZE
    )
    for name, picture in expected.items():
        np.testing.assert_array_equal(item[name], picture)


def test_seeds_decide_everything():
    for seed in range(4):
        one, same = (sample(TRAIN, MemoryFaces(), 1, seed) for _ in range(2))
        assert all(np.array_equal(one[name], same[name]) for name in one)
        other = sample(TRAIN, MemoryFaces(), 1, seed + 100)
        assert not np.array_equal(one["image"], other["image"])
    recipe = dataclasses.replace(PLAIN, flip_probability=1.0)
    still = MemoryFaces(num_frames=1)
    np.testing.assert_array_equal(
        sample(recipe, still, 0, 1)["image"], sample(PLAIN, still, 0, 2)["image"]
    )


def test_classes_are_balanced_on_request():
    faces = HiddenFaces(4, broken=(2,))
    recipe = dataclasses.replace(PLAIN, class_balanced=True)
    assert recipe.num_records(faces) == 4
    ids = [int(sample(recipe, faces, 0, seed)["item_id"]) for seed in range(60)]
    # Row 0 has no class, row 2 cannot be opened: another class takes its place.
    assert set(ids) == {1, 3} and "face2" in faces.report.skipped
    with pytest.raises(ValueError, match=r"class_balanced: .*MemoryFaces has none"):
        recipe.num_records(MemoryFaces())


def test_what_cannot_be_used_is_replaced_counted_and_named():
    faces = MemoryFaces(3, broken=(0,), unplaced=(1,))
    for seed in range(4):
        assert sample(TRAIN, faces, 0, seed)["item_id"] == 2
    assert "expected a box with an area" in faces.report.skipped["face1"]
    with pytest.raises(ValueError, match="no item can be made: 2 clips were skipped"):
        sample(TRAIN, MemoryFaces(2, broken=(0, 1)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "validation"}, "mode: expected one of train, plain"),
        ({"size": 0}, "size: expected at least 1, got 0"),
        ({"face_scale": 0.0}, "face_scale: expected above 0"),
        ({"rotation": 200}, "rotation: expected 0 to 180"),
    ],
)
def test_bad_settings(changes, message):
    with pytest.raises(ValueError, match=message):
        LatentOferItems(**changes)


def test_evaluation_in_training_mode():
    with pytest.raises(ValueError, match="mode: expected plain for evaluation"):
        TRAIN.evaluation_records(MemoryFaces())
