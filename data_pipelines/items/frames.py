"""Which frames of a clip are for training, and which are held out."""

from typing import Literal, get_args

import numpy as np

from data_pipelines.sources.base import Clip, UnusableClip

FrameSelection = Literal["all", "train", "tail", "every_fifth"]


def select_frames(num_frames: int, selection: FrameSelection) -> np.ndarray:
    """Frame numbers of one part of a clip.

    ``tail`` is the last fifth of the clip and tests generalisation; ``every_fifth``
    are the frames 4, 9, 14, ... before it, whose neighbours are trained on; ``train``
    is the rest (frame 0 among it); ``all`` is everything.

    Args:
      num_frames: frames of the clip.
      selection: one of the four names.

    Returns:
      Frame numbers, int64, increasing. Short clips may have empty parts.

    Raises:
      ValueError: an unknown name.
    """
    known = get_args(FrameSelection)
    if selection not in known:
        raise ValueError(
            f"frame_selection: expected one of {', '.join(known)}, got {selection!r}"
        )
    frames = np.arange(num_frames)
    in_tail = frames >= num_frames * 4 // 5
    fifth = frames % 5 == 4
    parts = {
        "all": np.ones(num_frames, bool),
        "train": ~in_tail & ~fifth,
        "tail": in_tail,
        "every_fifth": ~in_tail & fifth,
    }
    return frames[parts[selection]]


def usable_frames(clip: Clip, selection: FrameSelection) -> np.ndarray:
    """Frames of one part of a clip whose landmarks, if it has any, can be used.

    Raises:
      UnusableClip: there are none.
    """
    selected = select_frames(clip.num_frames, selection)
    usable = selected[clip.detected[selected]]
    if not len(usable):
        raise UnusableClip(
            clip.name,
            f"none of the {len(selected)} frames in {selection!r} "
            f"(of {clip.num_frames} in the clip) has landmarks of a face",
        )
    return usable


def spread(frames: np.ndarray, count: int) -> np.ndarray:
    """Chooses ``count`` frames evenly, the first one among them.

    Frames are repeated where there are fewer than ``count``.
    """
    return frames[np.arange(count) * len(frames) // count]


def evaluation_frames(
    clip: Clip,
    selection: FrameSelection,
    sources: tuple[int, ...] | None,
    num_sources: int,
    num_driving: int | None,
) -> tuple[tuple[int, ...], list[int]]:
    """Fixed source frames of a clip and the driving frames to test them on.

    Args:
      clip: the clip.
      selection: part of the clip that the driving frames are from.
      sources: the source frames. None: spread over the usable training frames.
      num_sources: how many those are.
      num_driving: number of driving frames, evenly spread. None: all there are.

    Returns:
      Source frames and driving frames; the latter leave out the former.

    Raises:
      UnusableClip: a source frame does not exist or has no landmarks, or there is
        no driving frame.
    """
    if sources is None:
        chosen = spread(usable_frames(clip, "train"), num_sources)
        sources = tuple(chosen.tolist())
    unusable = [
        f for f in sources if not (0 <= f < clip.num_frames and clip.detected[f])
    ]
    if unusable:
        raise UnusableClip(
            clip.name,
            f"source frames {unusable} of {clip.num_frames} do not exist or have no "
            "landmarks of a face",
        )
    driving = np.setdiff1d(usable_frames(clip, selection), sources)
    if not len(driving):
        raise UnusableClip(clip.name, "no driving frame beside the source frames")
    if num_driving is not None and num_driving < len(driving):
        driving = spread(driving, num_driving)
    return sources, driving.tolist()
