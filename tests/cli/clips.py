"""Small clips and landmarks for the tests of commands."""

import numpy as np

from data_pipelines.video import VideoWriter
from tests.data_pipelines.video.clips import write_tone


def face_landmarks(count, width=64, height=48):
    """Landmarks [count, 68, 2] of a face that moves through the frames."""
    rng = np.random.default_rng(5)
    shape = rng.uniform(-0.25, 0.25, (68, 2)) * min(width, height)
    t = np.arange(count)[:, None]
    centre = np.concatenate(
        [width / 2 + 0.1 * width * np.sin(t / 4), height / 2 + 0 * t], axis=1
    )
    return (shape + centre[:, None]).astype(np.float32)


def write_clip_with_sound(path, frames, rate=25):
    """H.264 frames and an AAC tone in one file; returns the path."""
    tone = write_tone(path.with_suffix(".m4a"), len(frames) / rate)
    with VideoWriter(path, fps=rate, audio_from=tone) as writer:
        for frame in frames:
            writer.write(frame)
    tone.unlink()
    return path
