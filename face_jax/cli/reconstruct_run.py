"""Heads of many pictures and clips, one after the other, with bounded memory."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from data_pipelines.landmarks.finders import FaceFinder
from face_jax.cli.face_squares import CropRule
from face_jax.cli.footage import Footage, Input
from face_jax.cli.head_files import LONGEST_GLB, HeadFiles, Look
from face_jax.cli.head_frames import Finder, HeadFrame
from face_jax.cli.landmark_errors import LandmarkErrors, Landmarks
from face_jax.cli.outputs import complete_files
from face_jax.cli.results import Results, entry, open_all
from face_jax.smirk.smoothing import FaceFilter


@dataclasses.dataclass(frozen=True)
class Run:
    """One call of the command.

    Attributes:
      finder: finds faces.
      out: folder for all results.
      look: how they are to look.
      neutral: where the mean face lies in crops, see ``LandmarkErrors``.
      smoothing: strength of the temporal filter for clips, 0 to 1.
      on_progress: called with the number of frames that are done.
    """

    finder: Finder
    out: Path
    look: Look
    neutral: Landmarks
    smoothing: float = 0.0
    on_progress: Callable[[int], None] = lambda done: None

    def pictures(
        self,
        inputs: Sequence[Input],
        rule: CropRule,
        into: Results,
        finder: FaceFinder | None = None,
    ) -> None:
        """Finds the heads of pictures, several at a time.

        Args:
          inputs: pictures.
          rule: where faces are looked for.
          into: takes up what was done.
          finder: finds them where there is no landmark file.

        Raises:
          ValueError: a picture that was named by itself is unreadable or has no face.
          FileNotFoundError: it does not exist.
        """
        names = {given.path: given.name for given in inputs}
        opened = (footage for _, footage in open_all(inputs, rule, into, finder))
        frames = (HeadFrame(one, 0, one.still) for one in opened)
        for found in self.finder.find(frames):
            for row, frame in enumerate(found.frames):
                own = found.only(row)
                with (
                    complete_files(self.out / names[frame.footage.path]) as folder,
                    self._files(folder, frame.footage) as files,
                ):
                    files.add(own)
                into.frames += 1
                errors = LandmarkErrors(frame.footage, self.neutral)
                errors.add(own)
                done = entry(names[frame.footage.path], frame.footage, own.valid)
                into.entries.append(done | errors.values())
            self.on_progress(into.frames)

    def clip(self, name: str, footage: Footage, into: Results) -> None:
        """Finds the heads of a clip.

        Args:
          name: what its results are called.
          footage: the clip.
          into: takes up what was done.

        Raises:
          ValueError: the clip is too long for the kind of mesh file.
        """
        assert footage.frame_rate is not None
        head, begin = self.finder.model.networks.assets.head, time.monotonic()
        temporal = FaceFilter(head, self.smoothing, float(footage.frame_rate))
        images = enumerate(footage.frames())
        frames = (HeadFrame(footage, n, image) for n, image in images)
        valid, unreadable, errors = [], 0, LandmarkErrors(footage, self.neutral)
        with (
            complete_files(self.out / name) as folder,
            self._files(folder, footage) as files,
        ):
            for found in self.finder.find(frames, temporal):
                files.add(found)
                errors.add(found)
                valid.append(found.valid)
                unreadable += sum(frame.picture is None for frame in found.frames)
                into.frames += len(found.frames)
                self.on_progress(into.frames)
        before, after = files.jitter()
        seconds = time.monotonic() - begin
        into.entries.append(
            {
                **entry(name, footage, np.concatenate(valid)),
                "frames_unreadable": unreadable,
                "frame_rate": float(footage.frame_rate),
                "jitter_before": before,
                "jitter_after": after,
                **errors.values(),
                "seconds": seconds,
            }
        )

    def _files(self, folder: Path, footage: Footage) -> HeadFiles:
        model = self.finder.model
        head = model.networks.assets.head
        return HeadFiles(folder, footage, head, model.image_size, self.look)


def check_length(footage: Footage, look: Look) -> None:
    """Refuses clips that no mesh file can hold.

    Raises:
      ValueError: the clip is too long.
    """
    if look.mesh == "glb" and len(footage) > LONGEST_GLB:
        raise ValueError(
            f"{footage.path}: --mesh glb takes clips of up to {LONGEST_GLB} frames, got "
            f"{len(footage)}; --mesh obj writes a file for each frame"
        )
