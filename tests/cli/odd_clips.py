"""Drawn people whose places are known, in clips of every kind that users have.

A green mark between the eyes lets the network of ``small_yunet`` find a face.
"""

import dataclasses

import cv2
import numpy as np

from data_pipelines.landmarks.five_points import box_of_five
from data_pipelines.landmarks.schemas import NUM_LANDMARKS
from tests.data_pipelines.landmarks.small_yunet import POINTS
from tests.data_pipelines.video.clips import write_stream

SKIN, HAIR, SHIRT, DARK = (220, 170, 140), (60, 40, 30), (150, 60, 60), (40, 20, 20)


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody in a frame.

    Attributes:
      column: of 8 pixels, of the mark between the eyes.
      row: of 8 pixels.
      large: whether the face is twice as large as the others.
    """

    column: int
    row: int
    large: bool = False

    @property
    def points(self):
        """Eyes, nose and mouth corners [5, 2] in pixels."""
        centre = 8 * np.array([self.column, self.row]) + 4
        return POINTS * (2 if self.large else 1) + centre

    @property
    def box(self):
        """Of the face, [4] pixel edges."""
        return box_of_five(self.points)

    @property
    def centre(self):
        """(x, y) of the box."""
        return self.box.reshape(2, 2).mean(axis=0)


def draw(width, height, people, seed=0):
    """A frame uint8 [height, width, 3]: people before a patterned, reddish wall."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 120, (height // 8 + 1, width // 8 + 1), np.uint8)
    wall = np.kron(coarse, np.ones((8, 8), np.uint8))[:height, :width]
    frame = np.stack([wall + 40, wall, wall], axis=-1)
    for person in people:
        _draw_person(frame, person)
    return frame


def _draw_person(frame, person):
    size = 2 if person.large else 1
    x, y = (8 * person.column + 4, 8 * person.row + 4)

    def ellipse(color, centre, axes):
        place = (x + size * centre[0], y + size * centre[1])
        cv2.ellipse(
            frame, place, (size * axes[0], size * axes[1]), 0, 0, 360, color, -1
        )

    ellipse(SHIRT, (0, 60), (36, 28))
    ellipse(HAIR, (0, -6), (25, 30))
    ellipse(SKIN, (0, 4), (20, 26))
    for eye in POINTS[:2].astype(int):
        ellipse(DARK, eye.tolist(), (4, 2))
    ellipse(DARK, (0, 14), (8, 2))
    mark = (0, 255, 255) if person.large else (0, 255, 0)
    frame[y - 4 : y + 4, x - 4 : x + 4] = mark


def write_people(path, frames, **options):
    """A clip of frames, which lists of people or pictures make; returns the path."""
    return write_stream(path, np.stack(frames), **options)


def landmarks_of(people):
    """Landmarks [T, 68, 2] whose ``face_box`` is about that of each person, NaN for
    None."""
    found = np.full((len(people), NUM_LANDMARKS, 2), np.nan, np.float32)
    for row, person in zip(found, people, strict=True):
        if person is not None:
            left, top, right, bottom = person.box - 0.5
            brows = top + (bottom - top) / 6  # the box goes on upwards by a fifth
            corners = [(left, brows), (right, bottom)]
            row[:] = np.linspace(*corners, NUM_LANDMARKS)
    return found
