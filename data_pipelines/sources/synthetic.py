"""Drawn faces as a source of clips; needs no files."""

import functools
from collections.abc import Sequence

import numpy as np

from data_pipelines.sources.base import Clip, ClipReport
from data_pipelines.synth.drawn_face import render_clip


class DrawnClips:
    """Clips of drawn, moving faces with exact landmarks, held in memory.

    Attributes:
      identities: rows of the clips of each person.
      report: stays empty; all clips can be used.
    """

    def __init__(
        self,
        num_identities: int = 1,
        clips_per_identity: int = 1,
        num_frames: int = 250,
        frame_size: int = 64,
        first_identity: int = 0,
    ):
        """Draws all clips.

        Args:
          num_identities: number of persons.
          clips_per_identity: clips of each person, with different motion.
          num_frames: frames of each clip; 25 are a second.
          frame_size: side of the frames.
          first_identity: seed of the first person; the others follow. Collections
            whose ranges do not overlap show different persons.

        Raises:
          ValueError: a number below its smallest.
        """
        if num_identities < 1 or clips_per_identity < 1:
            raise ValueError(
                "num_identities, clips_per_identity: expected at least 1, "
                f"got {num_identities}, {clips_per_identity}"
            )
        self.report = ClipReport()
        self.identities = tuple(
            tuple(range(start, start + clips_per_identity))
            for start in range(
                0, num_identities * clips_per_identity, clips_per_identity
            )
        )
        self._clips: list[Clip] = []
        self._frames: list[np.ndarray] = []
        for row in range(num_identities * clips_per_identity):
            identity, take = divmod(row, clips_per_identity)
            seed = first_identity + identity
            motion_seed = seed + take * num_identities
            frames, landmarks = _draw(num_frames, frame_size, seed, motion_seed)
            name = f"drawn face {seed}, clip {take}"
            detected = np.ones(num_frames, bool)
            self._clips.append(
                Clip(name, num_frames, frame_size, frame_size, landmarks, detected)
            )
            self._frames.append(frames)

    def __len__(self) -> int:
        return len(self._clips)

    def clip(self, row: int) -> Clip:
        """Describes one clip."""
        return self._clips[row]

    def frames(self, row: int, indices: Sequence[int]) -> list[np.ndarray]:
        """Frames by number, uint8 ``[size, size, 3]`` each, not to be written to."""
        return [self._frames[row][index] for index in indices]


@functools.lru_cache(maxsize=32)
def _draw(
    num_frames: int, size: int, seed: int, motion_seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draws a clip once for all streams of a program: it takes seconds."""
    frames, landmarks = render_clip(num_frames, size, seed, motion_seed)
    frames.flags.writeable = landmarks.flags.writeable = False
    return frames, landmarks
