"""Faces in pictures and clips on disk, with the landmark files of SMIRK's data sets."""

import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data_pipelines.landmarks.face_points import find_points, load_points
from data_pipelines.landmarks.outlines import MEDIAPIPE_105, face_outline
from data_pipelines.landmarks.schemas import NUM_LANDMARKS, mediapipe_to_68
from data_pipelines.sources.base import ClipReport, UnusableClip
from data_pipelines.sources.cache import BoundedCache
from data_pipelines.sources.face_listing import (
    choose_people,
    find_pictures,
    is_clip,
    name_people,
)
from data_pipelines.sources.faces import UNKNOWN, FacePicture
from data_pipelines.sources.file_tables import labels_of
from data_pipelines.sources.readers import ClipIndex, clip_size, index_clip, open_clip
from data_pipelines.sources.records import PathLike
from data_pipelines.video import read_image


@dataclasses.dataclass(frozen=True)
class _Opened:
    """What is known of a picture or clip.

    Attributes:
      index: where a clip's frames are, or the picture itself, uint8 [H, W, 3].
      mesh: float32 [T, 478, 2] pixels, or None.
      points_68: float32 [T, 68, 2] pixels, or None; NaN where they are not known.
    """

    index: ClipIndex | np.ndarray
    mesh: np.ndarray | None
    points_68: np.ndarray | None

    @property
    def num_bytes(self) -> int:
        """Memory that it takes, about."""
        arrays = (self.index, self.mesh, self.points_68)
        sizes = (a.nbytes for a in arrays if isinstance(a, np.ndarray))
        return 10_000 + sum(sizes)


class FaceFiles:
    """Faces of a user's pictures and clips, one frame at a time.

    Reads the layouts of LRS3, MEAD, FFHQ and CelebA as SMIRK prepares them, and any other
    folder whose landmark files have the same names as its pictures and clips.

    Attributes:
      paths: the files, in a fixed order.
      groups: rows that take turns as one item of an epoch.
      people: names of the persons, in the order of their numbers.
      occluder_names: what hides faces here, which nobody has told: ``none``.
      label_names: names of the expressions, in the order of their numbers.
      labels: int32 [len(self)], number of each file's expression, -1 if not known.
      report: what could not be used so far, in this process.
    """

    def __init__(
        self,
        path: PathLike,
        split: str | None = None,
        landmarks: PathLike | None = None,
        landmarks_68: PathLike | None = None,
        approximate_68: bool = False,
        people: PathLike = "files",
        names: Sequence[str] | None = None,
        share: tuple[float, float] = (0.0, 1.0),
        one_per_person: bool = False,
        labels: PathLike | None = None,
        label_names: Sequence[str] = (),
        cache_bytes: int = 1 << 30,
    ):
        """Lists the files without opening them.

        Args:
          path: a folder, which is searched with all folders in it, or one file.
          split: sub-folder of ``path`` to use, such as ``trainval``.
          landmarks: folder of landmark files, see ``landmarks/face_points.py``, with
            MediaPipe's mesh or 68 points; sub-folders as in ``path``. None looks
            beside the pictures.
          landmarks_68: folder of files with 68 points, used beside MediaPipe's mesh.
            A file or frame may be missing: its items have no 68 landmarks.
          approximate_68: whether the nearest vertices of MediaPipe's mesh serve for
            68 points where no file of them is given.
          people: whom a file shows, see ``name_people``.
          names: persons to use; None uses all.
          share: part of the persons to use, see ``choose_people``.
          one_per_person: whether the files of a person take turns, so that an epoch
            shows everyone once; otherwise it shows every file.
          labels: text file with lines ``FILE LABEL``, the expression that each file
            shows; None where it is not known.
          label_names: names of the expressions, in the order of their numbers.
          cache_bytes: memory for decoded pictures and landmarks in each process, 0 or
            more.

        Raises:
          FileNotFoundError: a path does not exist or holds no picture or clip.
          ValueError: a setting out of range, a person who is not there, or a file
            without a label or with an unknown one.
        """
        if cache_bytes < 0:
            raise ValueError(f"cache_bytes: expected 0 or more, got {cache_bytes}")
        self._root = Path(path)
        files = find_pictures(self._root, split)
        shown = name_people(files, self._root, people)
        chosen = choose_people(shown, names, share)
        pairs = [pair for pair in zip(files, shown, strict=True) if pair[1] in chosen]
        self.paths = tuple(file for file, _ in pairs)
        self.people = tuple(sorted({name for _, name in pairs}))
        self.occluder_names = ("none",)
        numbers = {name: number for number, name in enumerate(self.people)}
        self._identities = [numbers[name] for _, name in pairs]
        self.groups = _groups(self._identities, one_per_person)
        self.label_names = tuple(label_names)
        self.labels = np.full(len(self.paths), UNKNOWN, np.int32)
        if labels is not None:
            self.labels[:] = labels_of(self.paths, labels, self.label_names)
        self._folder = _existing("landmarks", landmarks)
        self._folder_68 = _existing("landmarks_68", landmarks_68)
        self._approximate_68 = approximate_68
        self._cache = BoundedCache(cache_bytes)
        self.report = ClipReport()

    def __len__(self) -> int:
        return len(self.paths)

    def frames(self, row: int) -> np.ndarray:
        """Numbers of the frames with landmarks, int64, increasing.

        Raises:
          UnusableClip: there are none, or a file cannot be read.
        """
        opened = self._open(row)
        points = opened.points_68 if opened.mesh is None else opened.mesh
        assert points is not None
        known = np.flatnonzero(np.isfinite(points[:, 0, 0]))
        if not len(known):
            raise UnusableClip(
                str(self.paths[row]),
                f"none of its {len(points)} frames has landmarks of a face",
            )
        return known

    def face(self, row: int, frame: int) -> FacePicture:
        """One frame with its landmarks.

        Raises:
          UnusableClip: it cannot be decoded, or has no landmarks.
        """
        opened = self._open(row)
        mesh, points_68 = _known(opened.mesh, frame), _known(opened.points_68, frame)
        if mesh is None and (opened.mesh is not None or points_68 is None):
            raise UnusableClip(
                str(self.paths[row]), f"frame {frame} has no landmarks of a face"
            )
        if points_68 is None and mesh is not None and self._approximate_68:
            points_68 = mediapipe_to_68(mesh)
        return FacePicture(
            name=str(self.paths[row]),
            image=self._image(row, opened, frame),
            outline=_outline(mesh, points_68),
            landmarks_105=None if mesh is None else mesh[list(MEDIAPIPE_105)],
            landmarks_68=points_68,
            label=int(self.labels[row]),
            identity=self._identities[row],
        )

    def _image(self, row: int, opened: _Opened, frame: int) -> np.ndarray:
        if isinstance(opened.index, np.ndarray):
            return opened.index
        image = self._cache.get((row, frame))
        if image is None:
            image = self._decode(row, opened.index, frame)
            self._cache.put((row, frame), image, image.nbytes)
        return image

    def _decode(self, row: int, index: ClipIndex, frame: int) -> np.ndarray:
        try:
            with contextlib.closing(open_clip(index)) as reader:
                image = reader.read([frame])[0].copy()
        except (OSError, ValueError) as error:
            raise UnusableClip(str(self.paths[row]), str(error)) from error
        image.flags.writeable = False
        return image

    def _open(self, row: int) -> _Opened:
        opened = self._cache.get(row)
        if opened is None:
            try:
                opened = self._read(self.paths[row])
            except (OSError, ValueError) as error:
                raise UnusableClip(str(self.paths[row]), str(error)) from error
            self._cache.put(row, opened, opened.num_bytes)
        return opened

    def _read(self, path: Path) -> _Opened:
        index: ClipIndex | np.ndarray
        if is_clip(path):
            index = index_clip(path)
            num_frames, width, height = clip_size(index)
        else:
            index = read_image(path)
            index.flags.writeable = False
            num_frames, (height, width) = 1, index.shape[:2]
        mesh, points_68 = self._points(path, num_frames, (width, height))
        return _Opened(index, mesh, points_68)

    def _points(
        self, path: Path, num_frames: int, size: tuple[int, int]
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """MediaPipe's mesh and 68 points of all frames, at least one of them."""
        parent = self._root.parent if self._root.is_file() else self._root
        relative = path.relative_to(parent)
        stem = relative.with_name(relative.name.removesuffix(relative.suffix))
        first = load_points(find_points(self._folder or parent, stem), num_frames, size)
        if first.shape[1] == NUM_LANDMARKS:
            return None, first
        if self._folder_68 is None:
            return first, None
        try:
            file = find_points(self._folder_68, stem)
        except FileNotFoundError:
            return first, None
        return first, load_points(file, num_frames, size)


def _groups(
    identities: Sequence[int], one_per_person: bool
) -> tuple[tuple[int, ...], ...]:
    if not one_per_person:
        return tuple((row,) for row in range(len(identities)))
    rows: dict[int, list[int]] = {}
    for row, identity in enumerate(identities):
        rows.setdefault(identity, []).append(row)
    return tuple(tuple(rows[identity]) for identity in sorted(rows))


def _known(points: np.ndarray | None, frame: int) -> np.ndarray | None:
    """The points of a frame; None where they are not known."""
    if points is None or not 0 <= frame < len(points):
        return None
    return points[frame] if np.isfinite(points[frame]).all() else None


def _outline(mesh: np.ndarray | None, points_68: np.ndarray | None) -> np.ndarray:
    if mesh is not None:
        return mesh
    assert points_68 is not None
    return face_outline(points_68)


def _existing(name: str, folder: PathLike | None) -> Path | None:
    if folder is None:
        return None
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"{name}: {folder} is no folder of landmark files")
    return Path(folder)
