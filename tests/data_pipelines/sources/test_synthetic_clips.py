import pickle
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import data_pipelines
from data_pipelines.sources.base import UnusableClip
from data_pipelines.sources.synthetic_clips import SyntheticClips, built_in_settings
from data_pipelines.sources.synthetic_settings import (
    CACHE_VARIABLE,
    SyntheticSettings,
    cache_folder,
)
from tests.data_pipelines.synth.plain_studio import SETTINGS, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "faces"
    run(path)
    return path


def test_clips_are_grouped_by_person(folder):
    train = SyntheticClips(folder)
    assert len(train) == 10 and train.identities == tuple((row,) for row in range(10))
    assert train.numbers == (0, 1, 2, 3, 5, 6, 7, 8, 10, 11)
    assert SyntheticClips(folder, split="validation").numbers == (4,)
    assert SyntheticClips(folder, num_identities=3).numbers == (0, 1, 2)


def test_a_clip_has_landmarks_and_frames(folder):
    source = SyntheticClips(folder)
    clip = source.clip(2)
    assert clip.num_frames == SETTINGS.num_frames == len(clip.detected)
    assert clip.landmarks is not None and clip.landmarks.shape == (9, 68, 2)
    first, again = source.frames(2, [3, 3])
    assert first.shape == (32, 32, 3) and first is again and not first.flags.writeable


def test_frames_and_landmarks_are_resized_together(folder):
    stored, small = SyntheticClips(folder), SyntheticClips(folder, frame_size=16)
    assert small.clip(0).width == 16 and small.frames(0, [0])[0].shape == (16, 16, 3)
    expected = (stored.clip(0).landmarks + 0.5) / 2 - 0.5
    np.testing.assert_allclose(small.clip(0).landmarks, expected, atol=1e-4)
    mean = cv2.resize(stored.frames(0, [0])[0], (16, 16), interpolation=cv2.INTER_AREA)
    difference = np.abs(small.frames(0, [0])[0].astype(int) - mean)
    assert difference.mean() < 3


def test_copies_in_other_processes_read_the_same(folder):
    source = SyntheticClips(folder)
    copy = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(copy.frames(1, [4])[0], source.frames(1, [4])[0])


def test_training_items_come_from_the_records(folder):
    config = {
        "source": "synthetic",
        "synthetic": {"path": str(folder)},
        "item": "fsrt_item",
        "fsrt_item": {"size": 32, "num_driving": 2},
    }
    batches = data_pipelines.build(config, seed=0, batch_size=4)
    batch = next(iter(batches))
    batches.close()
    assert batch["driving_images"].shape == (4, 2, 32, 32, 3)
    spec = data_pipelines.element_spec(config, 4)
    assert {k: v.shape for k, v in batch.items()} == {
        k: v.shape for k, v in spec.items()
    }


def test_what_is_missing_is_told(folder, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"no clips of synthetic faces"):
        SyntheticClips(built_in={"people": 2})
    with pytest.raises(ValueError, match=r"has 10 persons with clips in train, got 11"):
        SyntheticClips(folder, num_identities=11)
    with pytest.raises(UnusableClip, match=r"expected a frame below 9, got 9"):
        SyntheticClips(folder).frames(0, [9])


def test_the_built_in_data_set_has_a_place_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
    one, same, other = (
        built_in_settings(people=people).folder() for people in (1, 1, 2)
    )
    assert one == same != other and one.is_relative_to(tmp_path)
    monkeypatch.delenv(CACHE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "face_jax"


@pytest.mark.parametrize(
    ("system", "place"), [("linux", ".cache"), ("darwin", "Library/Caches")]
)
def test_the_users_cache_is_where_the_system_has_it(system, place, monkeypatch):
    monkeypatch.setattr(sys, "platform", system)
    for variable in (CACHE_VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    assert cache_folder() == Path.home() / place / "face_jax"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": 0, "clips": 0}, "expected at least one"),
        ({"images": 1, "size": 8}, "size: expected 16 to 2048, got 8"),
        ({"images": 1, "occluded": 2.0}, "occluded: expected 0 to 1"),
        ({"images": 1, "picture_format": "gif"}, "picture_format: expected one of"),
        ({"clips": 1, "num_frames": 0}, "num_frames: expected 1 to 100000, got 0"),
    ],
)
def test_impossible_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        SyntheticSettings(**change)


def test_a_head_from_a_file_is_known_by_its_content(tmp_path):
    path = tmp_path / "head.npz"
    with pytest.raises(FileNotFoundError, match="no such head"):
        SyntheticSettings(images=1, head=str(path)).describe()
    path.write_bytes(b"one")
    first = SyntheticSettings(images=1, head=str(path)).folder()
    path.write_bytes(b"two")
    assert SyntheticSettings(images=1, head=str(path)).folder() != first
