"""Synthetic pictures from records, with their truth."""

import pickle

import numpy as np
import pytest

from data_pipelines.landmarks.outlines import face_outline
from data_pipelines.sources.base import UnusableClip
from data_pipelines.sources.records import RecordSource, decode_picture
from data_pipelines.sources.synthetic_images import SyntheticImages, built_in_images
from data_pipelines.sources.synthetic_settings import (
    CACHE_VARIABLE,
    SPLITS,
    VERSION,
    split_of,
)
from data_pipelines.synth.expressions import CLASSES
from tests.data_pipelines.sources.small_faces import write_faces


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "faces"
    write_faces(path)
    return path


def records(folder, split="train"):
    source = RecordSource(folder / "images" / VERSION, split)
    return [source[row] for row in range(len(source))]


def test_pictures_come_with_what_they_were_made_from(folder):
    source = SyntheticImages(folder)
    stored = records(folder)
    assert len(source) == len(source.groups) == len(stored)
    assert source.label_names == CLASSES
    for row in (0, 5, 17):
        face, record = source.face(row), stored[row]
        assert source.frames(row).tolist() == [0]
        np.testing.assert_array_equal(face.landmarks_68, record["landmarks_68"])
        np.testing.assert_allclose(face.outline, face_outline(record["landmarks_68"]))
        np.testing.assert_array_equal(face.landmarks_105, record["landmarks_105"])
        assert (face.label, face.identity) == (record["label"], record["identity"])
        for name in ("camera", "rotation", "gaze", "shape_params", "pose_params"):
            np.testing.assert_array_equal(face.truth[name], record[name])
        assert not any(name.startswith("landmarks") for name in face.truth)
        assert not face.image.flags.writeable


def test_occluders_are_shown_on_request(folder):
    clean, hidden = (SyntheticImages(folder, occluders=o) for o in (False, True))
    differ = 0
    for row, record in enumerate(records(folder)):
        for source, name in ((clean, "clean_image"), (hidden, "image")):
            stored = decode_picture(record[name])
            np.testing.assert_array_equal(source.face(row).image, stored)
        differ += not np.array_equal(clean.face(row).image, hidden.face(row).image)
    assert differ > 3


def test_splits_have_persons_of_their_own(folder):
    for split in SPLITS:
        source = SyntheticImages(folder, split=split)
        people = {source.face(row).identity for row in range(len(source))}
        assert people and all(split_of(number) == split for number in people)


def test_copies_and_little_memory_read_the_same(folder):
    source = SyntheticImages(folder)
    copy = pickle.loads(pickle.dumps(source))
    without = SyntheticImages(folder, cache_bytes=0)
    assert source.face(3) is source.face(3) is not without.face(3)
    for other in (copy, without):
        np.testing.assert_array_equal(other.face(3).image, source.face(3).image)


def test_what_is_missing_is_told(folder, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no pictures of synthetic faces"):
        SyntheticImages(built_in={"people": 2})
    with pytest.raises(ValueError, match="expected one of the splits"):
        SyntheticImages(folder, split="training")
    with pytest.raises(ValueError, match="cache_bytes: expected 0 or more"):
        SyntheticImages(folder, cache_bytes=-1)
    with pytest.raises(IndexError, match="expected a row below"):
        SyntheticImages(folder).face(10_000)


def test_damaged_pictures_are_told(folder, monkeypatch):
    source = SyntheticImages(folder)
    record = records(folder)[0] | {"clean_image": b"no picture"}
    monkeypatch.setattr(source, "_records", [record])
    with pytest.raises(UnusableClip, match=r"synthetic face 0, picture 0: expected an"):
        source.face(0)


def test_the_built_in_data_set_has_a_place_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    small = {"people": 3, "images_per_person": 7, "size": 32}
    settings = built_in_images(**small)
    assert (settings.images, settings.clips, settings.people_in_images) == (21, 0, 3)
    assert settings.folder() == built_in_images(**small).folder()
    other = built_in_images(**small, occluded=0.5)
    assert settings.folder() != other.folder()
    free = built_in_images(**small, free_expressions=0.5)
    assert free.free_expressions == 0.5 and settings.folder() != free.folder()
    # Data sets from before there were free expressions are found again.
    assert "free_expressions" not in settings.describe()
    with pytest.raises(ValueError, match="size: expected 16"):
        built_in_images(size=4)
