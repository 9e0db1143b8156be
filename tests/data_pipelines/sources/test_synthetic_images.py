"""Synthetic pictures from records, with their truth."""

import dataclasses
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
from data_pipelines.synth.plan import OCCLUDER_NAMES
from tests.data_pipelines.sources.small_faces import SETTINGS, write_faces


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "faces"
    write_faces(path)
    return path


@pytest.fixture(scope="module")
def free(tmp_path_factory):
    """The same with pictures that show no class of expression."""
    path = tmp_path_factory.mktemp("images") / "free"
    write_faces(path, dataclasses.replace(SETTINGS, free_expressions=0.3))
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


def test_landmarks_can_be_withheld(folder):
    told, withheld = (SyntheticImages(folder, landmarks=tell) for tell in (True, False))
    for row in (0, 5):
        known, face = told.face(row), withheld.face(row)
        assert face.landmarks_68 is None and face.landmarks_105 is None
        for name in ("image", "outline"):
            np.testing.assert_array_equal(getattr(face, name), getattr(known, name))
        assert face.truth.keys() == known.truth.keys()


def test_occluders_are_shown_on_request(folder):
    clean, hidden = (SyntheticImages(folder, occluders=o) for o in (False, True))
    differ = 0
    for row, record in enumerate(records(folder)):
        for source, name in ((clean, "clean_image"), (hidden, "image")):
            stored = decode_picture(record[name])
            np.testing.assert_array_equal(source.face(row).image, stored)
        differ += not np.array_equal(clean.face(row).image, hidden.face(row).image)
    assert differ > 3


def test_what_hides_the_face_comes_with_the_picture(folder):
    source = SyntheticImages(folder, occluders=True)
    assert source.occluder_names == OCCLUDER_NAMES
    for row, record in enumerate(records(folder)):
        face = source.face(row)
        assert face.occluder == record["occluder"]
        for name in ("clean_image", "occluder_mask"):
            found = getattr(face, name)
            np.testing.assert_array_equal(found, decode_picture(record[name]))
            assert not found.flags.writeable
        assert (face.clean_image is face.image) == (face.occluder == 0)
    without = SyntheticImages(folder).face(0)
    assert (without.clean_image, without.occluder_mask) == (None, None)
    assert all(SyntheticImages(folder).face(row).occluder == 0 for row in range(9))


def test_every_picture_counts_in_the_cache(folder):
    occluders = [record["occluder"] for record in records(folder)]
    pixels = SETTINGS.size**2
    for row, bytes_of_pixel in ((occluders.index(0), 4), (np.argmax(occluders), 7)):
        source = SyntheticImages(folder, occluders=True)
        source.face(int(row))
        assert source._cache.num_bytes == bytes_of_pixel * pixels + 8192


def test_other_kinds_may_be_uncovered_instead(folder):
    stored = records(folder)
    kind = OCCLUDER_NAMES[max(r["occluder"] for r in stored)]
    given = {"occluders": True, "kinds": (kind,)}
    source = SyntheticImages(folder, **given, uncover_others=True)
    assert len(source) == len(stored)
    shown = [OCCLUDER_NAMES[r["occluder"]] == kind for r in stored]
    assert any(shown) and not all(shown)
    for row, covered in enumerate(shown):
        face = source.face(row)
        assert bool(face.occluder) == covered == bool(face.occluder_mask.any())
        assert np.array_equal(face.image, face.clean_image) != covered


def test_kinds_leave_the_others_out(folder):
    stored = records(folder)
    kinds = ("none", OCCLUDER_NAMES[max(r["occluder"] for r in stored)])
    source = SyntheticImages(folder, occluders=True, kinds=kinds)
    kept = [r for r in stored if OCCLUDER_NAMES[r["occluder"]] in kinds]
    assert 0 < len(kept) < len(stored)
    assert source.groups == tuple((row,) for row in range(len(kept)))
    for copy in (source, pickle.loads(pickle.dumps(source))):
        for row, record in enumerate(kept):
            assert copy.face(row).name.endswith(f"picture {record['number']}")
        assert copy.labels.tolist() == [record["label"] for record in kept]
    with pytest.raises(IndexError, match="expected a row below"):
        source.face(len(kept))


def test_unlabelled_pictures_are_left_out_on_request(free):
    labels = SyntheticImages(free).labels
    labelled = SyntheticImages(free, labelled=True)
    assert 0 < len(labelled) < len(labels) and -1 in labels
    assert labelled.labels.tolist() == labels[labels >= 0].tolist()
    found = [labelled.face(row).label for row in range(len(labelled))]
    assert found == labelled.labels.tolist()


def test_labels_are_read_once_and_go_with_copies(folder, monkeypatch):
    source = SyntheticImages(folder)
    fresh = pickle.loads(pickle.dumps(source))
    expected = [record["label"] for record in records(folder)]
    assert source.labels.tolist() == expected
    copy = pickle.loads(pickle.dumps(source))
    monkeypatch.setattr(RecordSource, "__getitem__", None)
    assert copy.labels.tolist() == expected
    with pytest.raises(TypeError):
        _ = fresh.labels


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
    with pytest.raises(ValueError, match="kinds: unknown scarves; known are none, "):
        SyntheticImages(folder, kinds=["none", "scarves"])
    with pytest.raises(ValueError, match=r"train: none of \d+ pictures has one of the"):
        SyntheticImages(folder, kinds=[])


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
    alike = built_in_images(**small, one_look=True)
    assert alike.one_look and settings.folder() != alike.folder()
    # Data sets from before there were these two are found again.
    assert not {"free_expressions", "one_look"} & settings.describe().keys()
    with pytest.raises(ValueError, match="size: expected 16"):
        built_in_images(size=4)
