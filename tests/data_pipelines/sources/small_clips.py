"""Small clips for tests: the grey level of a frame tells its clip and its number."""

from pathlib import Path

import numpy as np

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.video import VideoWriter, write_image

NUM_FRAMES = 12
WIDTH, HEIGHT = 48, 32


def level(clip: int, frame: int) -> int:
    """Grey level of a frame: 4 apart, so that it survives coding."""
    return 16 + 52 * clip + 4 * frame


def clip_frames(clip: int, num_frames: int = NUM_FRAMES) -> list[np.ndarray]:
    """Frames of a grey clip."""
    return [
        np.full((HEIGHT, WIDTH, 3), level(clip, frame), np.uint8)
        for frame in range(num_frames)
    ]


def write_clip(path: Path, clip: int, num_frames: int = NUM_FRAMES) -> None:
    """Writes a grey clip as a video."""
    with VideoWriter(path, 25, crf=0, preset="ultrafast") as writer:
        for frame in clip_frames(clip, num_frames):
            writer.write(frame)


def write_image_folder(path: Path, clip: int, num_frames: int) -> None:
    """Writes a grey clip as a folder of images."""
    path.mkdir()
    for number, frame in enumerate(clip_frames(clip, num_frames)):
        write_image(path / f"{number:04d}.png", frame)


def face(x: float, y: float, width: float, height: float) -> np.ndarray:
    """68 points that fill a box, as far as crops are concerned."""
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 1, (68, 2))
    points[:2] = [[0, 0], [1, 1]]
    return (points * [width, height] + [x, y]).astype(np.float32)


def write_landmarks(path: Path, num_frames: int = NUM_FRAMES) -> np.ndarray:
    """Writes landmarks of a face that moves right by half a pixel per frame."""
    points = np.stack([face(10 + t / 2, 8, 14, 16) for t in range(num_frames)])
    save_landmarks(path, points, np.arange(num_frames), (WIDTH, HEIGHT))
    return points
