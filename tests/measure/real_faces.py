"""Splits a collection of MediaPipe meshes into one landmark file per clip and picture.

  python -m tests.measure.real_faces LANDMARKS478.npz OUT_DIR

``clips/a.mp4`` and ``stills/b.jpg`` give ``OUT_DIR/clips/a.npz`` and ``OUT_DIR/stills/b.npz``.

The collection holds ``clip_file`` [c] and, for every detection, ``clip_index`` (into
it), ``clip_frame`` and ``clip_xyz8``: int16 [n, 478, 3], eight times the position in
pixels from the corner of the frame. ``still_*`` is the same with ``still_face`` (0 = the
largest face) in place of a frame. Media files are looked for beside the collection.
"""

import sys
from pathlib import Path

import numpy as np

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.landmarks.schemas import MEDIAPIPE_IRISES, mediapipe_to_68
from data_pipelines.video import probe, read_image


def main(collection: Path, folder: Path) -> None:
    """Writes OUT_DIR/<path of the media file in the collection>.npz for each file."""
    arrays = np.load(collection)
    for index, name in enumerate(arrays["clip_file"]):
        rows = arrays["clip_index"] == index
        info = probe(collection.parent / name)
        meshes, frames = arrays["clip_xyz8"][rows], arrays["clip_frame"][rows]
        write(folder, name, meshes, frames, (info.width, info.height))
    for index, name in enumerate(arrays["still_file"]):
        rows = (arrays["still_index"] == index) & (arrays["still_face"] == 0)
        height, width = read_image(collection.parent / name).shape[:2]
        write(folder, name, arrays["still_xyz8"][rows], np.zeros(1), (width, height))


def write(
    folder: Path,
    name: str,
    meshes: np.ndarray,
    frames: np.ndarray,
    size: tuple[int, int],
) -> None:
    """Writes the landmarks and irises of one file.

    Args:
      folder: where to.
      name: path of the media file in the collection.
      meshes: int16 [n, 478, 3].
      frames: int [n].
      size: (width, height).
    """
    # The mesh counts from the corner of the frame, landmarks from the first centre.
    points = meshes[..., :2].astype(np.float32) / 8 - 0.5
    path = (folder / name).with_suffix(".npz")
    path.parent.mkdir(parents=True, exist_ok=True)
    irises = points[:, MEDIAPIPE_IRISES]
    save_landmarks(path, mediapipe_to_68(points), frames, size, irises)
    print(f"{path}: {len(frames)} frames of {size[0]} x {size[1]}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
