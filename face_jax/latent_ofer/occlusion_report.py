"""The report on faces and occluders that training never saw: tables, numbers, sheets.

Of Latent-OFER (arXiv 2307.11404): what is found to be covered, what is painted instead,
and which expressions are recognised.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax import viz
from face_jax.latent_ofer.detection_report import (
    DetectionReport,
    detector_table,
    kind_comparison,
    kind_table,
)
from face_jax.latent_ofer.model import Model, look
from face_jax.latent_ofer.occluded_faces import (
    SEEN,
    UNCOVERED,
    UNSEEN,
    OccludedFaces,
    kind_rows,
    spread_over_kinds,
)
from face_jax.latent_ofer.patch_detectors import GROUPS, PROBE_PATCHES
from face_jax.latent_ofer.patches import pixel_mask
from face_jax.latent_ofer.pictures import SHEET_ROWS, dimmed, sheet_of
from face_jax.latent_ofer.recognition_report import MEASURES as RECOGNITION_MEASURES
from face_jax.latent_ofer.recognition_report import (
    RecognitionReport,
    confusion_table,
    recognition_summary,
    recognition_table,
)
from face_jax.latent_ofer.reconstruction_comparison import MEASURES as CLOSENESS
from face_jax.latent_ofer.reconstruction_comparison import (
    ReconstructionReport,
    reconstruction_table,
)
from face_jax.tables import Table

DEFINITIONS = {
    SEEN: "pictures with something before the face that the detector's training had",
    UNSEEN: "pictures with something that it did not have",
    UNCOVERED: "pictures with nothing before the face; for recognition those of the "
    "same faces that are covered elsewhere are among them",
    "covered": "patches of which an opaque part of the occluder hides the share "
    "covered_share of the pixels or more; it is the positive class",
    "hole": "the truly covered patches, pixels; SSIM takes the windows whose centres "
    "lie in it; all numbers are means over pictures that have one",
    "as given": "the picture with what covers it",
    "mean face": "mean of clean training faces, pixel by pixel",
    "transformer": "the masked autoencoder's patches",
    "transformer + CNN": "these, refined by the generator",
    "colours of places": "Gaussians of mean and deviation of the colours in each patch "
    "of clean training faces, one for each place",
    "error of reconstruction": "error of the masked autoencoder in patches that are "
    f"hidden from it, one of {GROUPS} groups at a time, over that on clean training faces",
    "logistic probe": "logistic regression on the detector's latents, fitted to "
    f"covered and uncovered training patches, {PROBE_PATCHES} at most: no rival, as it "
    "is told of covered patches what the others never saw",
    "threshold": "1 of SVDD, its radius; 0 of the probe; of the other two, the share nu "
    "of the uncovered training patches is above it",
    "spread": "standard deviation over trainings that differ in their seed alone",
}
"""What the words of a report mean."""


@dataclasses.dataclass(frozen=True)
class OcclusionReport:
    """All that was found.

    Attributes:
      counts: pictures by what they were for.
      seen: kinds of occluders that the detector's training had.
      unseen: those that it did not have.
      settings: ``nu`` and ``covered_share`` of the detector.
      detection: of every detector; the last one is the pipeline's.
      reconstruction: of every way to fill holes.
      recognition: of every recogniser; may be empty.
    """

    counts: Mapping[str, int]
    seen: Sequence[str]
    unseen: Sequence[str]
    settings: Mapping[str, float]
    detection: Sequence[DetectionReport]
    reconstruction: Sequence[ReconstructionReport]
    recognition: Sequence[RecognitionReport] = ()

    def tables(self) -> list[Table]:
        """The tables that are compared first."""
        found = [detector_table(self.detection), kind_comparison(self.detection)]
        found += [reconstruction_table(self.reconstruction, name) for name in CLOSENESS]
        if self.recognition:
            found.append(recognition_summary(self.recognition))
            found += [
                recognition_table(self.recognition, name)
                for name in RECOGNITION_MEASURES
            ]
        return found

    def details(self) -> list[Table]:
        """Each detector by itself, and confusion matrices of each recogniser."""
        confusions = [
            confusion_table(report, name)
            for report in self.recognition
            for name in (SEEN, UNSEEN, UNCOVERED)
            if name in report.rows
        ]
        return [*map(kind_table, self.detection), *confusions]

    def explanation(self) -> str:
        """Counts, kinds and definitions as Markdown."""
        counts = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        lines = [f"Pictures: {counts}."]
        for title, kinds in (("Seen", self.seen), ("Unseen", self.unseen)):
            lines.append(f"{title} kinds: {', '.join(kinds) or 'none'}.")
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        lines += [f"Detector: {settings}.", ""]
        return "\n".join(
            [*lines, *(f"- *{name}*: {text}" for name, text in DEFINITIONS.items())]
        )

    def as_dict(self) -> dict[str, Any]:
        """All numbers as JSON-like data."""
        return {
            "definitions": DEFINITIONS,
            "pictures": dict(self.counts),
            "kinds": {"seen": list(self.seen), "unseen": list(self.unseen)},
            "settings": dict(self.settings),
            "detection": [report.as_dict() for report in self.detection],
            "reconstruction": [report.as_dict() for report in self.reconstruction],
            "recognition": [report.as_dict() for report in self.recognition],
        }


def occlusion_sheets(
    model: Model,
    faces: OccludedFaces,
    covered: np.ndarray,
    names: Sequence[str],
    unseen: Sequence[str],
) -> dict[str, np.ndarray]:
    """What a model makes of some pictures of seen kinds, and of some of unseen ones.

    Args:
      model: whose own masks are painted in.
      faces: N pictures; those with something before the face are shown.
      covered: bool [N, L], the truth.
      names: of the kinds, in the order of their numbers.
      unseen: those of the names that training did not have.

    Returns:
      uint8 [height, width, 3] by name of the sheet.
    """
    rows = kind_rows(faces.kinds, names, unseen)
    sheets = {}
    for title in (SEEN, UNSEEN):
        shown = np.flatnonzero(rows.get(title, False) & covered.any(axis=1))
        if len(shown):
            shown = shown[spread_over_kinds(faces.kinds[shown], SHEET_ROWS)]
            sheet = _sheet(model, faces.take(shown), covered[shown], names)
            sheets[title.replace(" ", "_")] = sheet
    return sheets


def _sheet(
    model: Model, faces: OccludedFaces, covered: np.ndarray, names: Sequence[str]
) -> np.ndarray:
    """Rows of photograph, truth, scores, mask, both reconstructions and the face."""
    seen = jax.device_get(look(model, faces.images))
    side = model.pipeline.detector.autoencoder.patch_size

    def spread(values: np.ndarray) -> np.ndarray:
        return np.asarray(pixel_mask(jnp.asarray(values), side))

    scores = spread(seen.detection.scores)
    columns = {
        "photograph": faces.images,
        "covered": dimmed(faces.images, spread(covered)),
        "scores": np.stack([viz.heat_map(s, largest=2.0) for s in scores]),
        "found": dimmed(faces.images, spread(seen.detection.mask)),
        "transformer": viz.to_uint8(seen.reconstructed.coarse),
        "refined": viz.to_uint8(seen.reconstructed.images),
        "truth": faces.clean_images,
    }
    return sheet_of(columns, titles=[names[kind] for kind in faces.kinds])
