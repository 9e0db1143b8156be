"""How near the box of five points is to that of the 68 landmarks.

    python -m tests.measure.five_points LANDMARKS...

LANDMARKS are files that ``save_landmarks`` wrote, or folders of them; at most forty
frames of each count, evenly spread.
"""

import argparse
from pathlib import Path

import numpy as np

from data_pipelines.landmarks.files import load_landmarks
from data_pipelines.landmarks.five_points import box_of_five
from data_pipelines.landmarks.schemas import (
    LEFT_EYE,
    LEFT_MOUTH_CORNER,
    NOSE_TIP,
    RIGHT_EYE,
    RIGHT_MOUTH_CORNER,
    face_box,
)

MOST = 40
"""Frames of a file."""


def five_of(landmarks):
    """Eyes, nose and mouth corners [5, 2] of the 68 landmarks."""
    eyes = [landmarks[list(eye)].mean(axis=0) for eye in (LEFT_EYE, RIGHT_EYE)]
    others = landmarks[[NOSE_TIP, LEFT_MOUTH_CORNER, RIGHT_MOUTH_CORNER]]
    return np.stack([*eyes, *others])


def compare(landmarks):
    """Distances of the centres, and ratios of the sides.

    Args:
      landmarks: [n, 68, 2].

    Returns:
      Float64 [n] each: over the longer side of the true box; and the longer sides'.
    """
    found = np.stack([box_of_five(five_of(face)) for face in landmarks])
    found, true = found.reshape(-1, 2, 2), face_box(landmarks).reshape(-1, 2, 2)
    side, own = (np.ptp(box, axis=1).max(axis=-1) for box in (true, found))
    apart = np.linalg.norm(found.mean(axis=1) - true.mean(axis=1), axis=-1)
    return apart / side, own / side


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("landmarks", nargs="+", type=Path)
    given = parser.parse_args().landmarks
    files = [f for p in given for f in (sorted(p.glob("*.npz")) if p.is_dir() else [p])]
    faces = []
    for file in files:
        track = load_landmarks(file)
        known = track.points[track.valid].astype(np.float64)
        faces.append(known[:: max(1, -(-len(known) // MOST))])
    apart, ratio = compare(np.concatenate(faces))
    median, most = 100 * np.percentile(apart, [50, 90])
    print(f"{len(apart)} faces of {len(files)} files")
    print(f"centres: {median:.1f} % apart (median), 90 % less than {most:.1f} %")
    print(f"sides: {ratio.mean():.3f} of the true ones, spread {ratio.std():.3f}")


if __name__ == "__main__":
    main()
