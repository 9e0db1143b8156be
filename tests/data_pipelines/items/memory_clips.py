"""Clips in memory whose pixels tell clip and frame, some of them unusable."""

import numpy as np

from data_pipelines.sources.base import Clip, ClipReport, UnusableClip

WIDTH, HEIGHT = 40, 24


class MemoryClips:
    """A ``ClipCollection`` of ``num_identities`` persons with two clips each.

    Column 0 of a frame holds the row of its clip, column 1 its number; the rest is
    noise that depends on both.
    """

    def __init__(
        self,
        num_identities=3,
        num_frames=20,
        landmarks=True,
        broken=(),
        damaged=(),
        undetected=(),
    ):
        self.identities = tuple((2 * i, 2 * i + 1) for i in range(num_identities))
        self.report = ClipReport()
        self.num_frames = num_frames
        self.broken, self.damaged, self.undetected = broken, damaged, undetected
        self.with_landmarks = landmarks

    def __len__(self):
        return 2 * len(self.identities)

    def clip(self, row):
        if row in self.broken:
            raise UnusableClip(f"clip{row}", "cannot be opened")
        detected = ~np.isin(np.arange(self.num_frames), self.undetected)
        landmarks = self.landmarks(row) if self.with_landmarks else None
        return Clip(f"clip{row}", self.num_frames, WIDTH, HEIGHT, landmarks, detected)

    def landmarks(self, row):
        rng = np.random.default_rng(row)
        face = rng.uniform([12, 8], [28, 18], (68, 2))
        shift = np.linspace(0, 3, self.num_frames)[:, None, None]
        return (face + shift * [1, 0]).astype(np.float32)

    def frames(self, row, indices):
        for index in indices:
            if (row, index) in self.damaged:
                raise UnusableClip(f"clip{row}", f"frame {index} cannot be decoded")
        return [self.frame(row, index) for index in indices]

    def frame(self, row, index):
        rng = np.random.default_rng((row, index))
        frame = rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        frame[:, 0], frame[:, 1] = row, index
        return frame
