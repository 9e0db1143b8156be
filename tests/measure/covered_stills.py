"""Pastes hands and masks before the faces of photographs, to look at what is found.

  python -m tests.measure.covered_stills PICTURES LANDMARKS OUT_DIR [COUNT]

Takes the first COUNT pictures (10) of a folder that have 68 points in LANDMARKS, crops
each to a square around the face, covers it with a hand or a mask in turn, and writes
``OUT_DIR/<name>.png`` and its points. Then

  face-jax recognize OUT_DIR --checkpoint RUN --out FOLDER --landmarks OUT_DIR

draws what a detector finds.
"""

import sys
from pathlib import Path

import numpy as np

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.synth.occluders import composite, describe_scene, draw_occluder
from data_pipelines.video import read_image, write_image

KINDS = ("hand", "mask")
WIDTH = 2.2
"""Side of the square over the longer side of the landmarks' box."""
LAMP = np.array([-0.3, -0.5, 0.8])


def main(pictures: Path, landmarks: Path, folder: Path, count: int) -> None:
    """Writes the covered faces."""
    folder.mkdir(parents=True, exist_ok=True)
    known = [p for p in sorted(pictures.iterdir()) if points_of(p, landmarks).is_file()]
    for number, path in enumerate(known[:count]):
        points = np.load(points_of(path, landmarks))["points"][0]
        picture, points = square(read_image(path), points)
        kind = KINDS[number % len(KINDS)]
        scene = describe_scene(picture, points, LAMP)
        occluder = draw_occluder(kind, scene, np.random.default_rng(number))
        covered, name = composite(picture, occluder), f"{path.stem}_{kind}"
        write_image(folder / f"{name}.png", covered)
        size = (len(picture), len(picture))
        save_landmarks(folder / f"{name}.npz", points[None], np.zeros(1), size)
        print(f"{folder / name}.png")


def points_of(path: Path, landmarks: Path) -> Path:
    """The landmark file of a picture."""
    return landmarks / f"{path.stem}.npz"


def square(picture: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The square around a face, its edges repeated outwards, and the points in it."""
    low, high = points.min(axis=0), points.max(axis=0)
    side = round(WIDTH * (high - low).max())
    corner = np.round((low + high - side) / 2).astype(int)
    margin = side
    padded = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    column, row = corner + margin
    return padded[row : row + side, column : column + side], points - corner


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), count=int((*sys.argv[4:], "10")[0]))
