"""Looks at every picture and clip once: can it be read, and where is the face?"""

import contextlib
import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from data_pipelines.landmarks.detectors import FaceDetector
from data_pipelines.landmarks.face_points import find_points, load_points
from data_pipelines.landmarks.files import read_array
from data_pipelines.landmarks.schemas import NUM_LANDMARKS
from data_pipelines.prepare.entries import Entry
from data_pipelines.prepare.finding import Finding
from data_pipelines.sources.face_listing import is_clip
from data_pipelines.sources.readers import clip_size, index_clip, open_clip
from data_pipelines.video import read_image

UNREADABLE, NO_FACE, BAD_LANDMARKS, DUPLICATE = REASONS = (
    "unreadable",
    "no face",
    "bad landmarks",
    "duplicate",
)
"""Why files are left out."""

_OUTSIDE = 0.5
"""How far landmarks may lie outside of a frame, in its sides."""


@dataclasses.dataclass(frozen=True)
class Source:
    """Where pictures and their landmarks are.

    Attributes:
      root: folder of the data set.
      landmarks: folder of files with MediaPipe's mesh or 68 points, see
        ``landmarks/face_points.py``; None looks beside the pictures, and takes pictures
        without such a file too.
      landmarks_68: folder of files with 68 points beside a mesh; a file may be missing.
      finding: a finder that looks at files without landmarks of their own; with it none
        are looked for beside the pictures, and ``landmarks`` need not have all. Or None.
    """

    root: Path
    landmarks: Path | None = None
    landmarks_68: Path | None = None
    finding: Finding | None = None


@dataclasses.dataclass(frozen=True)
class Points:
    """Landmarks of a clip of T frames, or of a picture with T = 1.

    Attributes:
      mesh: float32 [T, 478, 2] pixels, NaN in frames without a face; None for no file.
      points_68: float32 [T, 68, 2], likewise.
    """

    mesh: np.ndarray | None
    points_68: np.ndarray | None

    @property
    def found(self) -> np.ndarray | None:
        """bool [T], frames with a face; None where nobody has looked."""
        given = self.points_68 if self.mesh is None else self.mesh
        return None if given is None else np.isfinite(given).all(axis=(1, 2))


@dataclasses.dataclass(frozen=True)
class Examined:
    """What was found.

    Attributes:
      file: as of the entry.
      reason: one of ``REASONS`` why it is left out; empty if it is not.
      detail: the reason in words.
      digest: SHA-256 of the file, hexadecimal; equal files show the same.
      num_frames: 1 of a picture.
      width: of its frames, pixels.
      height: of its frames, pixels.
      without_face: frames of a clip that have no face.
      has_mesh: whether MediaPipe's mesh is known.
    """

    file: str
    reason: str = ""
    detail: str = ""
    digest: str = ""
    num_frames: int = 0
    width: int = 0
    height: int = 0
    without_face: int = 0
    has_mesh: bool = False


def examine(
    source: Source, entry: Entry, detector: FaceDetector | None = None
) -> Examined:
    """Reads a file and its landmarks; never raises for what is wrong with them.

    Args:
      source: where to look.
      entry: the picture or clip.
      detector: of ``source.finding``, opened; None without.
    """
    path = source.root / entry.file
    try:
        num_frames, size = measure(path)
        digest = digest_of(path)
    except (OSError, ValueError) as error:
        return Examined(entry.file, UNREADABLE, _told(error, source))
    seen = Examined(entry.file, "", "", digest, num_frames, *size)
    try:
        if source.finding is not None and detector is not None:
            given = _given_points(source, entry, num_frames, size)
            if given is None:
                source.finding.look(detector, source.root, entry.file, is_still(path))
        points = points_of(source, entry, num_frames, size)
        check_places(points, size)
    except (OSError, ValueError) as error:
        detail = _told(error, source)
        return dataclasses.replace(seen, reason=BAD_LANDMARKS, detail=detail)
    found = points.found
    if found is not None and not found.any():
        detail = f"none of {num_frames} frames has landmarks"
        return dataclasses.replace(seen, reason=NO_FACE, detail=detail)
    without = 0 if found is None else int((~found).sum())
    has_mesh = points.mesh is not None
    return dataclasses.replace(seen, without_face=without, has_mesh=has_mesh)


def measure(path: Path) -> tuple[int, tuple[int, int]]:
    """Frames of a picture or clip, and (width, height); all of them are decoded.

    Raises:
      OSError: it cannot be read.
      ValueError: it is no picture or clip.
    """
    if is_still(path):
        height, width = read_image(path).shape[:2]
        return 1, (width, height)
    index = index_clip(path)
    num_frames, width, height = clip_size(index)
    with contextlib.closing(open_clip(index)) as reader:
        decoded = sum(1 for _ in reader.iterate())
    if decoded != num_frames:
        raise ValueError(f"{path}: {decoded} of {num_frames} frames can be decoded")
    return num_frames, (width, height)


def is_still(path: Path) -> bool:
    """Whether a path is a picture; folders and files of clips are not."""
    return path.is_file() and not is_clip(path)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or of all files of a folder by name."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    whole = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            whole.update(hashlib.file_digest(content, "sha256").digest())
    return whole.hexdigest()


def points_of(
    source: Source, entry: Entry, num_frames: int, size: tuple[int, int]
) -> Points:
    """The landmarks of all frames.

    Args:
      source: where to look.
      entry: the picture or clip.
      num_frames: its frames.
      size: (width, height) of its frames, pixels.

    Raises:
      FileNotFoundError: a folder of landmarks has none of it.
      ValueError: a file has another layout.
    """
    first = _given_points(source, entry, num_frames, size)
    if first is None and source.finding is not None:
        first = source.finding.points(entry.file)
    elif first is None and source.landmarks is not None:
        wanted = source.landmarks / _stem(entry)
        raise FileNotFoundError(f"{wanted}: no landmark file")
    if first is not None and first.shape[1] == NUM_LANDMARKS:
        return Points(None, first)
    if source.landmarks_68 is None:
        return Points(first, None)
    return Points(first, _load(source.landmarks_68, _stem(entry), num_frames, size))


def _given_points(
    source: Source, entry: Entry, num_frames: int, size: tuple[int, int]
) -> np.ndarray | None:
    """Points [T, 478 or 68, 2] of the data set itself; None where it has none."""
    if entry.landmarks:
        flat = read_array(source.root / entry.landmarks).reshape(-1)
        if flat.size != 2 * NUM_LANDMARKS:
            raise ValueError(
                f"{entry.landmarks}: expected 68 points, got {flat.size} numbers"
            )
        return flat.reshape(1, NUM_LANDMARKS, 2).astype(np.float32)
    folder = source.landmarks
    if folder is None and source.finding is None:
        folder = source.root
    return None if folder is None else _load(folder, _stem(entry), num_frames, size)


def _stem(entry: Entry) -> Path:
    """The path of a file without its ending."""
    # Not with_suffix: it would cut a stem that contains a dot.
    file = Path(entry.file)
    return file.with_name(file.name.removesuffix(file.suffix))


def check_places(points: Points, size: tuple[int, int]) -> None:
    """Refuses landmarks that cannot be of these frames.

    Raises:
      ValueError: a face lies far outside of its frame, or is a single point.
    """
    for given in (points.mesh, points.points_68):
        if given is None:
            continue
        faces = given[np.isfinite(given).all(axis=(1, 2))]
        low, high = (
            faces.min(axis=1, initial=np.inf),
            faces.max(axis=1, initial=-np.inf),
        )
        margin = _OUTSIDE * np.asarray(size)
        if ((low < -margin) | (high > size + margin)).any():
            raise ValueError(
                f"landmarks lie outside of frames of {size[0]} x {size[1]}"
            )
        if (high - low <= 1).any():
            raise ValueError("landmarks lie in one point")


def _told(error: Exception, source: Source) -> str:
    """What went wrong, in paths below their folders: reports go to other machines."""
    text = str(error)
    for folder in (source.root, source.landmarks, source.landmarks_68):
        text = text.replace(f"{folder}/", "")
    return text


def _load(
    folder: Path, stem: Path, num_frames: int, size: tuple[int, int]
) -> np.ndarray | None:
    try:
        path = find_points(folder, stem)
    except FileNotFoundError:
        return None
    return load_points(path, num_frames, size)
