"""Drawn faces as a source."""

import pickle

import numpy as np
import pytest

import data_pipelines
from data_pipelines.sources.synthetic import DrawnClips
from data_pipelines.synth.drawn_face import render_clip


def test_clips_are_those_of_the_renderer():
    clips = DrawnClips(2, 2, num_frames=3, frame_size=32, first_identity=5)
    assert clips.identities == ((0, 1), (2, 3)) and len(clips) == 4
    frames, landmarks = render_clip(3, 32, seed=6)
    np.testing.assert_array_equal(np.stack(clips.frames(2, [2, 0])), frames[[2, 0]])
    np.testing.assert_array_equal(clips.clip(2).landmarks, landmarks)
    assert clips.clip(2).detected.all() and clips.clip(2).num_frames == 3


def test_clips_of_a_person_move_differently():
    clips = DrawnClips(2, 2, num_frames=3, frame_size=32)
    landmarks = [clips.clip(row).landmarks for row in range(4)]
    for first in range(4):
        for second in range(first):
            assert np.abs(landmarks[first] - landmarks[second]).max() > 0.1


def test_a_copy_holds_the_same_frames():
    clips = DrawnClips(num_frames=2, frame_size=32)
    copy = pickle.loads(pickle.dumps(clips))
    np.testing.assert_array_equal(copy.frames(0, [1])[0], clips.frames(0, [1])[0])


def test_stream():
    config = {
        "item": "fsrt_item",
        "source": "drawn",
        "drawn": {"num_frames": 6, "frame_size": 32},
        "fsrt_item": {"size": 24},
    }
    stream = data_pipelines.build(config, seed=0, batch_size=2)
    batch = next(stream)
    stream.close()
    assert batch["driving_images"].shape == (2, 1, 24, 24, 3)
    assert (np.abs(batch["source_keypoints"]) < 1).all()
    # The two eyes lie beside each other, whether the item is flipped or not.
    eyes = batch["source_keypoints"][:, 0, :2, 0]
    assert (eyes[:, 0] < eyes[:, 1]).all()


def test_bad_numbers():
    with pytest.raises(ValueError, match="num_identities, clips_per_identity"):
        DrawnClips(num_identities=0)
