"""Parts of clips."""

import numpy as np
import pytest

from data_pipelines.items.frames import (
    evaluation_frames,
    select_frames,
    spread,
    usable_frames,
)
from data_pipelines.sources.base import Clip, UnusableClip


def clip(num_frames, undetected=()):
    detected = ~np.isin(np.arange(num_frames), undetected)
    return Clip("clip", num_frames, 8, 8, None, detected)


@pytest.mark.parametrize("num_frames", [0, 1, 4, 5, 6, 20, 99, 100])
def test_parts_cover_a_clip_once(num_frames):
    names = ("train", "every_fifth", "tail")
    parts = [select_frames(num_frames, name) for name in names]
    every = np.sort(np.concatenate(parts))
    assert every.tolist() == list(range(num_frames))
    assert select_frames(num_frames, "all").tolist() == every.tolist()
    assert num_frames / 5 <= len(parts[2]) < num_frames / 5 + 1


def test_parts_of_twenty_frames():
    assert select_frames(20, "tail").tolist() == [16, 17, 18, 19]
    assert select_frames(20, "every_fifth").tolist() == [4, 9, 14]
    assert 0 in select_frames(20, "train")


def test_unknown_part():
    with pytest.raises(ValueError, match=r"all, train, tail, every_fifth, got 'head'"):
        select_frames(20, "head")


def test_usable_frames_have_landmarks():
    assert usable_frames(clip(20, (16, 18)), "tail").tolist() == [17, 19]
    with pytest.raises(UnusableClip, match=r"none of the 4 frames in 'tail' \(of 20"):
        usable_frames(clip(20, (16, 17, 18, 19)), "tail")


def test_spread_starts_at_the_first():
    frames = np.arange(100, 110)
    assert spread(frames, 1).tolist() == [100]
    assert spread(frames, 2).tolist() == [100, 105]
    assert spread(frames, 10).tolist() == frames.tolist()
    assert spread(frames[:2], 4).tolist() == [100, 100, 101, 101]


def test_evaluation_leaves_source_frames_out():
    sources, driving = evaluation_frames(clip(20), "all", (0, 3), 2, None)
    assert sources == (0, 3)
    assert driving == [1, 2, *range(4, 20)]


def test_evaluation_sources_by_default():
    sources, driving = evaluation_frames(clip(20, (0,)), "tail", None, 2, None)
    # Training frames with landmarks: 1 2 3 5 6 7 8 10 11 12 13 15.
    assert sources == (1, 8)
    assert driving == [16, 17, 18, 19]


def test_evaluation_takes_fewer_frames_evenly():
    _, driving = evaluation_frames(clip(100), "tail", (0,), 1, 4)
    assert driving == [80, 85, 90, 95]
    _, driving = evaluation_frames(clip(100), "tail", (0,), 1, 50)
    assert driving == list(range(80, 100))


def test_evaluation_without_a_pair():
    with pytest.raises(UnusableClip, match=r"source frames \[2, 20\] of 20"):
        evaluation_frames(clip(20, (2,)), "all", (1, 2, 20), 3, None)
    with pytest.raises(UnusableClip, match="no driving frame"):
        evaluation_frames(clip(1), "all", (0,), 1, None)
