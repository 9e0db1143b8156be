"""What a command did with many pictures and clips, and what it passed over."""

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from data_pipelines.landmarks.finders import FaceFinder
from face_jax.cli.face_squares import CropRule
from face_jax.cli.footage import Footage, Input, open_footage

log = logging.getLogger("face_jax")


@dataclasses.dataclass
class Results:
    """What was done so far.

    Attributes:
      entries: of the report, one for each picture and clip.
      skipped: of folders, what could not be used, and why.
      frames: how many frames were looked at.
    """

    entries: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    skipped: list[dict[str, str]] = dataclasses.field(default_factory=list)
    frames: int = 0

    def check(self, task: str) -> None:
        """Refuses a run that could use nothing at all.

        Args:
          task: what was to be done, a verb.

        Raises:
          ValueError: tells why the first input could not be used.
        """
        if not self.entries:
            raise ValueError(f"nothing to {task}: {self.skipped[0]['reason']}")


def entry(name: str, footage: Footage, valid: np.ndarray) -> dict[str, Any]:
    """What every report says of a picture or clip.

    Args:
      name: what its results are called.
      footage: the picture or clip.
      valid: bool [T], in which frames there is a face.
    """
    return {
        "name": name,
        "input": str(footage.path),
        "frames": len(valid),
        "frames_with_face": int(valid.sum()),
        "crop": footage.made_by,
    }


def open_all(
    inputs: Sequence[Input],
    rule: CropRule,
    into: Results,
    finder: FaceFinder | None = None,
) -> Iterator[tuple[Input, Footage]]:
    """Opens pictures and clips, and passes over unusable ones of folders.

    Args:
      inputs: what was asked for.
      rule: where faces are looked for.
      into: takes up what is passed over.
      finder: finds them where there is no landmark file.

    Yields:
      What can be used.

    Raises:
      ValueError: something that was named by itself cannot be used.
      FileNotFoundError: it does not exist.
    """
    for given in inputs:
        try:
            footage = open_footage(given, rule, finder)
        except ValueError as error:
            if not given.from_folder:
                raise
            log.warning("left out: %s", error)
            into.skipped.append({"input": str(given.path), "reason": str(error)})
        else:
            yield given, footage
