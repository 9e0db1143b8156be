"""What SMIRK sees in pictures that FSRT made: whether heads turn and mouths open.

PSNR tells how like two pictures are, not whether a pose came without its expression. A
SMIRK model that was trained on the same kind of people measures both, in made and in
true pictures alike, so that what it gets wrong is wrong on both sides.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from data_pipelines.transforms.smirk_geometry import crop_matrix, warp
from face_jax.fsrt.known_people import MODES, Encounter, Outcome
from face_jax.fsrt.scores import Clip
from face_jax.smirk import inference
from face_jax.smirk.measures import face_measures
from face_jax.tables import Cell, Table
from face_jax.temporal.chunks import DEFAULT_CHUNK, batches, pad

SEEN: Mapping[str, tuple[str, ...]] = {
    "head, degrees": ("yaw", "pitch", "roll"),
    "mouth": ("mouth opening",),
    "brows": ("brow, left", "brow, right"),
}
"""What is compared, each of one or more of ``face_measures``; lengths are percent of the
distance between the outer eye corners."""

Measures = Mapping[str, np.ndarray]
"""Name in ``SEEN`` to float32 [N, n]."""


class Witness:
    """Measures faces in pictures with a trained SMIRK model."""

    def __init__(self, checkpoint: Path):
        """Loads the model.

        Args:
          checkpoint: work directory of a training run of SMIRK.

        Raises:
          FileNotFoundError: there is no checkpoint.
          ValueError: it is not one of SMIRK.
        """
        self._model = inference.load(checkpoint)

    def measure(self, frames: np.ndarray, landmarks: np.ndarray | None) -> Measures:
        """What is seen in frames.

        Args:
          frames: uint8 [N, H, W, 3].
          landmarks: [N, 68, 2] pixels, where the faces are.

        Raises:
          ValueError: landmarks are not known.
        """
        if landmarks is None:
            raise ValueError("landmarks: a witness must be told where faces are")
        side, scale = self._model.image_size, self._model.crop_scale
        crops = np.stack(
            [
                warp(frame, crop_matrix(points, scale, side), side)
                for frame, points in zip(frames, landmarks, strict=True)
            ]
        )
        return self._measure(crops.astype(np.uint8))

    def _measure(self, crops: np.ndarray) -> Measures:
        found = []
        for rows in batches(len(crops), DEFAULT_CHUNK):
            chunk = pad(crops[rows], DEFAULT_CHUNK)
            face = inference.encode(self._model, chunk)
            seen = face_measures(self._model.head, face.head)
            count = rows.stop - rows.start
            found.append({name: np.asarray(v)[:count] for name, v in seen.items()})
        return {
            what: np.stack([np.concatenate([f[n] for f in found]) for n in names], -1)
            for what, names in SEEN.items()
        }


def witness_table(
    title: str, pairs: Sequence[tuple[Encounter, Outcome]], witness: Witness
) -> Table:
    """How far heads turn and mouths open from the source on, in truth and as made.

    Args:
      title: whose encounters these are.
      pairs: encounters and what came of them, at least one.
      witness: who looks.
    """
    header = [""]
    for what in SEEN:
        header += [f"{what}: truth", "made", "correlation"]
    rows: list[list[Cell]] = []
    for mode in MODES:
        changes = [_changes(pair, mode, witness) for pair in pairs]
        row: list[Cell] = [mode]
        for what in SEEN:
            truth, made = (
                np.concatenate([change[side][what] for change in changes])
                for side in range(2)
            )
            row += [_size(truth), _size(made), _correlation(truth, made)]
        rows.append(row)
    return Table(f"{title}: changes since the source, as SMIRK sees them", header, rows)


def _changes(
    pair: tuple[Encounter, Outcome], mode: str, witness: Witness
) -> tuple[Measures, Measures]:
    """Changes since the source in the true pictures and in those that were made."""
    encounter, outcome = pair
    truth: Clip = encounter.truths[MODES[mode].truth]
    source = witness.measure(encounter.source.frames, encounter.source.landmarks)
    seen = [
        witness.measure(frames, truth.landmarks)
        for frames in (truth.frames, outcome.results[mode])
    ]
    first, second = ({n: v - source[n] for n, v in found.items()} for found in seen)
    return first, second


def _size(changes: np.ndarray) -> float:
    """Root mean square length of [N, n]."""
    return float(np.sqrt((changes**2).sum(axis=-1).mean()))


def _correlation(truth: np.ndarray, made: np.ndarray) -> float:
    """Of all entries; NaN where one of both does not move."""
    if not (np.ptp(truth) and np.ptp(made)):
        return float("nan")
    return float(np.corrcoef(truth.ravel(), made.ravel())[0, 1])
