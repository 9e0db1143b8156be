"""What is written of found heads: parameters, meshes, pictures and videos."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from data_pipelines.transforms.crops import paste_back
from data_pipelines.transforms.smirk_overlay import lay_over
from data_pipelines.video import VideoWriter, write_image
from face_jax import viz
from face_jax.cli.footage import Footage
from face_jax.cli.head_frames import FoundFaces
from face_jax.cli.head_records import Records
from face_jax.geometry.head import HeadModel
from face_jax.geometry.landmarks import MEDIAPIPE_105
from face_jax.mesh_files.saving import save_mesh, save_sequence
from face_jax.mesh_files.surface import head_surface
from face_jax.temporal.jitter import RelativeJitter

Mesh = Literal["obj", "glb", "none"]

LONGEST_GLB = 600
"""Frames of a clip that one .glb may hold: it grows by 0.1 MB with each, and players
load it whole."""

OUTER_EYE_CORNERS = (MEDIAPIPE_105.index(33), MEDIAPIPE_105.index(263))
"""Rows of the 105 landmarks."""

TITLES = ("photograph", "drawn", "overlay", "made")


@dataclasses.dataclass(frozen=True)
class Look:
    """How results are to look.

    Attributes:
      mesh: kind of mesh files; None: .obj of pictures and nothing of clips.
      opacity: of drawn faces over photographs, 0 to 1.
      paste_back: whether the generator's pictures are pasted into whole frames.
    """

    mesh: Mesh | None
    opacity: float
    paste_back: bool = False

    @property
    def pictures(self) -> tuple[str, ...]:
        """Names of the pictures or videos."""
        names = ("overlay", "side_by_side")
        return (*names, "pasted") if self.paste_back else names

    def mesh_of(self, footage: Footage) -> Mesh:
        """The kind of mesh files of a picture or clip."""
        return self.mesh or ("obj" if footage.frame_rate is None else "none")


class HeadFiles:
    """Writes the results of one picture or clip, as a context manager.

    Args:
      folder: an existing one.
      footage: the picture or clip.
      head: the head.
      crop_size: side of the crops that the encoders see, pixels.
      look: how results are to look.
    """

    def __init__(
        self,
        folder: Path,
        footage: Footage,
        head: HeadModel,
        crop_size: int,
        look: Look,
    ):
        self._folder, self._footage, self._look = folder, footage, look
        self._head, self._surface = head, head_surface(head)
        self._records = Records(head, footage, crop_size)
        self._morphs: list[np.ndarray | None] = []
        self._before = RelativeJitter(*OUTER_EYE_CORNERS)
        self._after = RelativeJitter(*OUTER_EYE_CORNERS)
        self._stack = contextlib.ExitStack()
        self._videos: dict[str, VideoWriter] = {}

    def __enter__(self) -> "HeadFiles":
        if self._footage.frame_rate is not None:
            for name in self._look.pictures:
                writer = VideoWriter(
                    self._folder / f"{name}.mp4",
                    fps=self._footage.frame_rate,
                    audio_from=self._footage.path,
                )
                self._videos[name] = self._stack.enter_context(writer)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        if kind is None:
            self._records.write(self._folder)
            self._write_morphs()

    def add(self, found: FoundFaces) -> None:
        """Takes the next frames of the clip, or the one of the picture."""
        self._records.add(found)
        self._before.add(found.raw_landmarks_105, found.valid)
        self._after.add(found.landmarks_105, found.valid)
        for row in range(len(found.frames)):
            self._add_pictures(found, row)
            self._add_mesh(found, row)

    def jitter(self) -> tuple[float | None, float | None]:
        """Trembling of the landmarks before and after the temporal filter.

        Returns:
          Root mean square of their second differences in percent of the distance of the
          outer eye corners; None without three frames in a row.
        """
        return self._before.value(), self._after.value()

    def _add_pictures(self, found: FoundFaces, row: int) -> None:
        whole = overlay(found, row, self._look.opacity)
        columns = panels(found, row, self._look.opacity)
        shown = {"overlay": whole}
        if self._look.paste_back:
            shown["pasted"] = pasted(found, row)
        if self._videos:
            shown["side_by_side"] = viz.side_by_side(*columns)
            for name, picture in shown.items():
                self._videos[name].write(picture)
            return
        titles = TITLES[: len(columns)]
        shown["side_by_side"] = viz.grid([columns], column_titles=titles)
        for name, picture in shown.items():
            write_image(self._folder / f"{name}.png", picture)

    def _add_mesh(self, found: FoundFaces, row: int) -> None:
        vertices, kind = found.vertices[row], self._look.mesh_of(self._footage)
        if kind == "none":
            return
        if self._footage.frame_rate is None:
            surface = self._surface.with_vertices(vertices)
            save_mesh(self._folder / f"mesh.{kind}", surface)
        elif kind == "glb":
            last = self._morphs[-1] if self._morphs else None
            self._morphs.append(vertices if found.valid[row] else last)
        elif found.valid[row]:
            width = max(4, len(str(len(self._footage) - 1)))
            name = f"mesh_{found.frames[row].number:0{width}d}.obj"
            save_mesh(
                self._folder / "meshes" / name, self._surface.with_vertices(vertices)
            )

    def _write_morphs(self) -> None:
        """Writes the animated mesh; it rests while there is no face."""
        known = [vertices for vertices in self._morphs if vertices is not None]
        if not known:
            return
        rate = self._footage.frame_rate
        assert rate is not None
        frames = [known[0] if v is None else v for v in self._morphs]
        path, still = self._folder / "mesh.glb", self._surface.with_vertices(known[0])
        save_sequence(path, still, np.stack(frames), float(rate))


def overlay(found: FoundFaces, row: int, opacity: float) -> np.ndarray:
    """A whole frame with the drawn face; the frame alone where there is no face.

    Args:
      found: faces of some frames.
      row: which of them.
      opacity: of the drawn face.

    Returns:
      uint8 [H, W, 3], black where the frame cannot be decoded.
    """
    frame = found.frames[row]
    if not found.valid[row]:
        return frame.shown
    return lay_over(
        frame.shown,
        found.drawn[row],
        found.covered[row],
        frame.matrix(found.size),
        opacity,
    )


def pasted(found: FoundFaces, row: int) -> np.ndarray:
    """A whole frame with the generator's picture of the face, softly pasted.

    Args:
      found: faces of some frames, made by a model with a generator.
      row: which of them.

    Returns:
      uint8 [H, W, 3]; the frame alone where there is no face.
    """
    frame = found.frames[row]
    if not found.valid[row]:
        return frame.shown
    assert found.made is not None
    made = found.made[row]
    return paste_back(frame.shown, made, frame.edges(made.shape[0]))


def panels(found: FoundFaces, row: int, opacity: float) -> list[np.ndarray]:
    """The crop of a frame, its drawn face, both, and the generator's picture.

    Args:
      found: faces of some frames.
      row: which of them.
      opacity: of the drawn face over the crop.

    Returns:
      uint8 [s, s, 3] each; the last one if there is a generator, black where there is
      no face.
    """
    return list(_panels(found, row, opacity))


def _panels(found: FoundFaces, row: int, opacity: float) -> Iterator[np.ndarray]:
    size, known = found.size, found.valid[row]
    photograph = found.frames[row].crop(size)
    drawn, covered = found.drawn[row], found.covered[row]
    yield photograph
    yield drawn
    yield lay_over(photograph, drawn, covered, np.eye(3), opacity)
    if found.made is not None:
        side = found.made.shape[1]
        enlarged = viz.crop(found.made[row], np.array([0, 0, side, side]), size, size)
        yield enlarged * known
