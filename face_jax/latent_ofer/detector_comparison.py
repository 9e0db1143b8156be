"""Detectors of covered patches side by side, on the same patches of the same pictures.

Beside the spheres around latents (Latent-OFER, arXiv 2307.11404) stand detectors that
need less, by colours and by errors of reconstruction, and one that is told more: a
logistic regression on the same latents.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from face_jax.latent_ofer.detection_report import DetectionReport, report_detection
from face_jax.latent_ofer.occluded_faces import OccludedFaces
from face_jax.latent_ofer.patch_detectors import (
    DetectorRun,
    PatchDetector,
    Training,
    colour_detector,
    deep_detector,
    error_detector,
    found_patches,
    kernel_detector,
    probe_detector,
    score_all,
)


def all_detectors(
    runs: Sequence[DetectorRun], training: Training
) -> list[PatchDetector]:
    """Every detector that can be had.

    Args:
      runs: Deep SVDDs on the same latents; the last one gives the autoencoder, and
        kernel SVDD where it has one.
      training: what the others are fitted to.

    Returns:
      The plain ones, the probe, kernel SVDD, and Deep SVDD of every run.
    """
    run = runs[-1]
    network = run.detector.autoencoder
    found = [
        colour_detector(network.patch_size, training),
        error_detector(network, run.variables["autoencoder"], training),
        probe_detector(run, training),
    ]
    if "kernel_sphere" in run.variables:
        found.append(kernel_detector(run))
    return found + [deep_detector(run) for run in runs]


def compare_detectors(
    detectors: Sequence[PatchDetector],
    faces: OccludedFaces,
    covered: np.ndarray,
    rows: Mapping[str, np.ndarray],
) -> list[DetectionReport]:
    """What detectors find in the same pictures.

    Args:
      detectors: fitted.
      faces: N pictures that none of them was fitted to.
      covered: bool [N, L], the truth.
      rows: of the tables, see ``occluded_faces.kind_rows``.

    Returns:
      A report for each detector, in their order.
    """
    reports = []
    for one in detectors:
        scores = score_all(one, faces.images)
        found = found_patches(one, scores)
        reports.append(
            report_detection(one.title, scores, found, covered, rows, one.threshold)
        )
    return reports
