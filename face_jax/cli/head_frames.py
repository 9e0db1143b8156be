"""From frames of pictures and clips to their faces, a few at a time.

Cameras are kept and filtered as those of whole frames, since crops move; networks and
renderer get those of the crops.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import cv2
import jax
import jax.numpy as jnp
import numpy as np

from data_pipelines.transforms import smirk_geometry as geometry
from data_pipelines.transforms.smirk_camera import camera_in_crop, camera_in_picture
from face_jax.cli.face_squares import outline_of
from face_jax.cli.footage import Frame
from face_jax.geometry.cameras import projected_to_pixels
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.inference import (
    Model,
    decode,
    draw_choices,
    encode,
    render,
    resynthesise,
)
from face_jax.smirk.masking import MaskingDraws
from face_jax.smirk.smoothing import FaceFilter
from face_jax.temporal.chunks import pad
from face_jax.types import Array
from face_jax.viz import to_uint8

CameraConversion = Callable[[np.ndarray, np.ndarray, tuple[int, int], int], np.ndarray]
"""``camera_in_crop`` or ``camera_in_picture``."""


class HeadFrame(Frame):
    """One frame of a picture or clip, in squares between ``centres``."""

    def matrix(self, size: int) -> np.ndarray:
        """From the frame to its crop of ``size`` square pixels, float64 [3, 3]."""
        return geometry.crop_matrix(self.square.reshape(2, 2), 1.0, size)

    def crop(self, size: int) -> np.ndarray:
        """What is in the square, uint8 [size, size, 3]; black where nothing is."""
        if self.picture is None:
            return np.zeros((size, size, 3), np.uint8)
        matrix = self.matrix(size)
        samples = max(1, round(1 / matrix[0, 0]))
        # Cut, not rounded, as published.
        return geometry.warp(self.picture, matrix, size, samples).astype(np.uint8)

    def edges(self, size: int) -> np.ndarray:
        """The edges of its crop of ``size`` square pixels in the frame, float64 [4]."""
        corners = np.array([[-0.5, -0.5], [size - 0.5, size - 0.5]])
        placed = geometry.move_points(corners, np.linalg.inv(self.matrix(size)))
        return placed.reshape(4) + 0.5

    def hull_mask(self, size: int) -> np.ndarray | None:
        """What of the crop is background, uint8 [size, size]; None if not known."""
        points = self.footage.points
        if points is None or not np.isfinite(points[self.number]).all():
            return None
        outline = outline_of(points[self.number]).astype(np.float32)
        hull = geometry.move_points(cv2.convexHull(outline)[:, 0], self.matrix(size))
        return geometry.hull_mask(hull, size)


@dataclasses.dataclass(frozen=True)
class FoundFaces:
    """What is found in n frames; rows of frames without a face mean nothing.

    Attributes:
      frames: n of them.
      valid: bool [n], whether there is a face.
      faces: n rows; cameras draw into the whole frames.
      crop_cameras: float32 [n, 3], into the crops.
      vertices: float32 [n, V, 3] metres, posed.
      landmarks_68: float32 [n, 68, 2] pixels of the frames.
      landmarks_105: float32 [n, 105, 2].
      raw_landmarks_105: before the temporal filter.
      drawn: uint8 [n, s, s, 3], faces in the crops, black around them.
      covered: bool [n, s, s].
      made: uint8 [n, S, S, 3], the generator's pictures of the crops, or None.
    """

    frames: Sequence[HeadFrame]
    valid: np.ndarray
    faces: EncodedFace
    crop_cameras: np.ndarray
    vertices: np.ndarray
    landmarks_68: np.ndarray
    landmarks_105: np.ndarray
    raw_landmarks_105: np.ndarray
    drawn: np.ndarray
    covered: np.ndarray
    made: np.ndarray | None

    @property
    def size(self) -> int:
        """Side of what is drawn, pixels."""
        return self.drawn.shape[1]

    def only(self, row: int) -> "FoundFaces":
        """Those of one frame."""
        rows, fields = slice(row, row + 1), dict(vars(self))
        frames = fields.pop("frames")[rows]
        kept = jax.tree.map(lambda array: array[rows], fields)
        return FoundFaces(frames=frames, **kept)


@dataclasses.dataclass(frozen=True)
class Finder:
    """Finds faces; every program is compiled once, for ``chunk`` frames.

    Attributes:
      model: the model.
      size: side of the drawn pictures, pixels.
      chunk: frames in work at a time.
    """

    model: Model
    size: int
    chunk: int

    @functools.cached_property
    def draws(self) -> MaskingDraws:
        """Which pixels the generator is shown, the same in every frame."""
        return draw_choices(self.model, self.chunk)

    def find(
        self, frames: Iterable[HeadFrame], smoothing: FaceFilter | None = None
    ) -> Iterator[FoundFaces]:
        """Finds the faces of frames.

        Args:
          frames: of one clip, in order; or of pictures.
          smoothing: the clip's temporal filter; None for none.

        Yields:
          The faces of at most ``chunk`` frames.
        """
        frames = iter(frames)
        while some := list(islice(frames, self.chunk)):
            yield self._find(some, smoothing)

    def _find(
        self, frames: Sequence[HeadFrame], smoothing: FaceFilter | None
    ) -> FoundFaces:
        side, count = self.model.image_size, len(frames)
        valid = pad(np.array([frame.valid for frame in frames]), self.chunk)
        valid[count:] = False
        crops = pad(np.stack([frame.crop(side) for frame in frames]), self.chunk)
        encoded = jax.device_get(encode(self.model, crops))
        raw = _converted(encoded, frames, valid, side, camera_in_picture)
        faces = raw if smoothing is None else smoothing(raw, valid)
        projection = decode(self.model, faces)
        before = projection if faces is raw else decode(self.model, raw)
        drawing = render(
            self.model,
            _converted(faces, frames, valid, self.size, camera_in_crop),
            self.size,
        )
        seen = np.asarray(drawing.covered)[:count] & valid[:count, None, None]
        in_crops = _converted(faces, frames, valid, side, camera_in_crop)
        made = self._make(crops, in_crops, frames)
        inner = _in_pixels(projection.landmarks_105, frames)
        return FoundFaces(
            frames=frames,
            valid=valid[:count],
            faces=jax.tree.map(lambda rows: np.asarray(rows)[:count], faces),
            crop_cameras=np.asarray(in_crops.camera)[:count],
            vertices=np.asarray(projection.vertices)[:count],
            landmarks_68=_in_pixels(projection.landmarks_68, frames),
            landmarks_105=inner,
            raw_landmarks_105=(
                inner
                if before is projection
                else _in_pixels(before.landmarks_105, frames)
            ),
            drawn=to_uint8(np.asarray(drawing.image))[:count] * seen[..., None],
            covered=seen,
            made=None if made is None else made[:count],
        )

    def _make(
        self, crops: np.ndarray, faces: EncodedFace, frames: Sequence[HeadFrame]
    ) -> np.ndarray | None:
        """The generator's pictures, uint8 [chunk, S, S, 3], or None."""
        if not self.model.has_generator:
            return None
        masks = [frame.hull_mask(self.model.image_size) for frame in frames]
        known = [mask for mask in masks if mask is not None]
        hull_mask = None
        if known:
            # What is drawn is hidden in any case.
            nothing = np.ones_like(known[0])
            rows = [nothing if mask is None else mask for mask in masks]
            hull_mask = pad(np.stack(rows), self.chunk)
        made = resynthesise(self.model, crops, faces, hull_mask, self.draws)
        return to_uint8(np.asarray(made.image))


def _converted(
    faces: EncodedFace,
    frames: Sequence[HeadFrame],
    valid: np.ndarray,
    size: int,
    convert: CameraConversion,
) -> EncodedFace:
    """Faces with cameras of whole frames instead of their crops, or the other way."""
    cameras = np.array(faces.camera)
    for row in np.flatnonzero(valid).tolist():
        frame = frames[row]
        cameras[row] = convert(
            cameras[row], frame.matrix(size), frame.footage.frame_size, size
        )
    return EncodedFace(faces.head, jnp.asarray(cameras))


def _in_pixels(projected: Array, frames: Sequence[HeadFrame]) -> np.ndarray:
    """Projected points [chunk, P, 2] in pixels of their frames, float32 [n, P, 2]."""
    points = np.asarray(projected)
    placed = [
        projected_to_pixels(points[row], frame.footage.frame_size[::-1])
        for row, frame in enumerate(frames)
    ]
    return np.stack(jax.device_get(placed))
