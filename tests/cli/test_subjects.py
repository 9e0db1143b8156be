import json

import numpy as np
import pytest

from data_pipelines.items.frames import select_frames
from data_pipelines.landmarks.schemas import region_box
from data_pipelines.sources.base import Clip, ClipReport
from face_jax.cli.subjects import (
    data_of_run,
    data_with_clips,
    read_subject,
)

WIDTH, HEIGHT, COUNT, SIZE = 48, 32, 20, 16


class Collection:
    """One clip in memory; frame 0 has no landmarks."""

    identities, report = ((0,),), ClipReport()

    def __init__(self, with_landmarks=True):
        rng = np.random.default_rng(0)
        self.images = rng.integers(0, 256, (COUNT, HEIGHT, WIDTH, 3), np.uint8)
        points = rng.uniform(4, 28, (COUNT, 68, 2)).astype(np.float32)
        detected = np.arange(COUNT) > 0
        if not with_landmarks:
            points, detected = None, np.ones(COUNT, bool)
        self.stored = Clip("folder/me.mp4", COUNT, WIDTH, HEIGHT, points, detected)

    def __len__(self):
        return 1

    def clip(self, row):
        return self.stored

    def frames(self, row, indices):
        return [self.images[i] for i in indices]


def test_subject_is_at_the_models_size():
    collection = Collection()
    subject = read_subject(collection, 0, SIZE)
    clip = subject.clip
    assert clip.name == "me" and clip.frames.shape == (COUNT, SIZE, SIZE, 3)
    stored = collection.stored.landmarks
    edges = (stored + 0.5) / [WIDTH, HEIGHT]
    np.testing.assert_allclose(clip.landmarks, edges * SIZE - 0.5, atol=1e-4)
    nose = 2 * edges[:, 30] - 1
    np.testing.assert_allclose(clip.keypoints[:, 4], nose, atol=1e-5)
    np.testing.assert_allclose(
        clip.regions["mouth"][3], region_box(clip.landmarks[3], "mouth"), atol=1e-5
    )
    assert np.isnan(clip.regions["eyes"][0]).all()


def test_frames_without_landmarks_are_not_used():
    subject = read_subject(Collection(), 0, SIZE)
    assert subject.source == (1,)
    assert 0 not in subject.split.train
    for part in ("tail", "every_fifth"):
        np.testing.assert_array_equal(
            subject.split.held_out[part], select_frames(COUNT, part)
        )
    with pytest.raises(ValueError, match="source frame 0 is not one of its 20 frames"):
        read_subject(Collection(), 0, SIZE, source=[0])


def test_clips_without_landmarks_have_no_regions():
    subject = read_subject(Collection(with_landmarks=False), 0, SIZE)
    assert subject.source == (0,)
    assert subject.clip.regions == {} and subject.clip.keypoints is None


def test_data_block_of_a_run_and_of_other_clips(tmp_path):
    data = {"item": "fsrt_item", "source": "synthetic", "clips": {"frame_size": 64}}
    (tmp_path / "config.json").write_text(json.dumps({"data": data}))
    assert data_of_run(tmp_path / "checkpoints") == data
    changed = data_with_clips(data, ["a.mp4"], "a.npz")
    assert changed["source"] == "clips" and data["source"] == "synthetic"
    assert changed["clips"] == {
        "crop": "clip",
        "frame_size": 64,
        "path": ["a.mp4"],
        "split": None,
        "landmarks": "a.npz",
    }
    with pytest.raises(FileNotFoundError, match=r"config\.json: no such file"):
        data_of_run(tmp_path / "elsewhere")
