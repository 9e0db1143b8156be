"""Expressions in many pictures and clips, one after the other, with bounded memory."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from data_pipelines.landmarks.finders import FaceFinder
from face_jax.cli.expression_files import ExpressionFiles, ExpressionTables
from face_jax.cli.expression_frames import ExpressionFinder, FaceFrame
from face_jax.cli.face_squares import CropRule
from face_jax.cli.footage import Footage, Input
from face_jax.cli.outputs import complete_files
from face_jax.cli.results import Results, entry, open_all
from face_jax.latent_ofer.smoothing import ProbabilityFilter


@dataclasses.dataclass(frozen=True)
class Run:
    """One call of the command.

    Attributes:
      finder: finds expressions.
      out: folder for all results.
      tables: take all frames.
      patches: whether the scores of all patches are stored.
      smoothing: strength of the temporal filter for clips, 0 to 1.
      on_progress: called with the number of frames that are done.
      paste_back: whether whole frames without what covers the face are written too.
    """

    finder: ExpressionFinder
    out: Path
    tables: ExpressionTables
    patches: bool = False
    smoothing: float = 0.0
    on_progress: Callable[[int], None] = lambda done: None
    paste_back: bool = False

    def pictures(
        self,
        inputs: Sequence[Input],
        rule: CropRule,
        into: Results,
        finder: FaceFinder | None = None,
    ) -> None:
        """Finds the expressions in pictures, several at a time.

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
        for found in self.finder.find(FaceFrame(one, 0, one.still) for one in opened):
            for row, frame in enumerate(found.frames):
                name, own = names[frame.footage.path], found.only(row)
                with (
                    complete_files(self.out / name) as folder,
                    self._files(folder, frame.footage) as files,
                ):
                    files.add(own)
                into.frames += 1
                done = entry(name, frame.footage, own.valid)
                into.entries.append(done | files.summary())
            self.tables.add(found)
            self.on_progress(into.frames)

    def clip(self, name: str, footage: Footage, into: Results) -> None:
        """Finds the expressions in a clip.

        Args:
          name: what its results are called.
          footage: the clip.
          into: takes up what was done.

        Raises:
          ValueError: the clip cannot be read, or its results cannot be written.
        """
        assert footage.frame_rate is not None
        temporal = ProbabilityFilter(self.smoothing, float(footage.frame_rate))
        images = enumerate(footage.frames())
        frames = (FaceFrame(footage, n, image) for n, image in images)
        unreadable = 0
        with (
            complete_files(self.out / name) as folder,
            self._files(folder, footage) as files,
        ):
            for found in self.finder.find(frames, temporal):
                files.add(found)
                self.tables.add(found)
                unreadable += sum(frame.picture is None for frame in found.frames)
                into.frames += len(found.frames)
                self.on_progress(into.frames)
        own = {"frames_unreadable": unreadable, "frame_rate": float(footage.frame_rate)}
        done = entry(name, footage, files.valid)
        into.entries.append(done | own | files.summary())

    def _files(self, folder: Path, footage: Footage) -> ExpressionFiles:
        classes = self.finder.model.classes
        return ExpressionFiles(folder, footage, classes, self.patches, self.paste_back)
