"""Detectors on random pictures whose covered patches are far from all others."""

import dataclasses

import numpy as np
import pytest

from face_jax.latent_ofer.detector_comparison import all_detectors, compare_detectors
from face_jax.latent_ofer.occluded_faces import OccludedFaces, kind_rows
from face_jax.latent_ofer.patch_detectors import (
    DetectorRun,
    Training,
    found_patches,
    probe_detector,
    score_all,
)
from tests.latent_ofer.small_tasks import (
    GRID,
    PATCH,
    detector_task,
    random_batch,
    variables_of,
)

NU = 0.1
TITLES = [
    "colours of places",
    "error of reconstruction",
    "logistic probe",
    "kernel SVDD",
    "Deep SVDD, one class",
    "Deep SVDD, soft boundary",
]


def faces_of(seed):
    batch = random_batch(seed=seed)
    clean = batch["clean_image"] // 4
    mask = batch["occluder_mask"]
    images = np.where(mask[..., None] > 0, 255 - clean, clean)
    kinds = (mask.max(axis=(1, 2)) > 0).astype(int)
    return OccludedFaces(images, clean, mask, kinds)


@pytest.fixture(scope="module")
def training():
    return Training.of(faces_of(0), PATCH, 0.25, NU)


@pytest.fixture(scope="module")
def run():
    task = detector_task()
    variables = variables_of(task, {"image": faces_of(0).images})
    return DetectorRun(task.objective, task.nu, 0.25, task.detector, variables)


@pytest.fixture(scope="module")
def detectors(run, training):
    return all_detectors([run._replace(objective="one_class"), run], training)


def test_every_detector_is_there_and_the_deciding_one_last(detectors):
    assert [one.title for one in detectors] == TITLES
    assert [one.threshold for one in detectors[2:]] == [0, 1, 1, 1]


def test_plain_detectors_find_a_share_of_uncovered_training_patches(
    detectors, training
):
    for one in detectors[:2]:
        scores = score_all(one, training.faces.images)[training.untouched]
        assert np.mean(scores > one.threshold) == pytest.approx(NU, abs=0.02)


def test_all_are_judged_on_the_same_patches(detectors):
    faces = faces_of(1)
    covered = faces.covered(PATCH)
    rows = kind_rows(faces.kinds, ("none", "block"), ("block",))
    reports = compare_detectors(detectors, faces, covered, rows)
    assert [report.title for report in reports] == TITLES
    for report in reports:
        assert list(report.rows) == ["block", "unseen kinds", "uncovered", "all"]
        assert report.rows["all"].patches == len(faces) * GRID**2
        assert report.rows["all"].covered == covered.sum() > 0
    # Bright occluders on dark faces.
    assert reports[0].rows["all"].area_under_roc > 0.9


def test_patches_alone_are_not_found_where_groups_count(detectors):
    mask = np.zeros((1, GRID, GRID), np.float32)
    mask[0, 0, 0] = 2.0
    mask[0, -1, -2:] = 2.0
    scores = mask.reshape(1, -1)
    for smallest, count in ((1, 3), (2, 2), (3, 0)):
        detector = dataclasses.replace(detectors[-1], smallest_group=smallest)
        assert found_patches(detector, scores).sum() == count


def test_the_probe_is_fitted_to_a_part(run, training):
    assert np.isfinite(probe_detector(run, training, 40).score.args[1].plane.bias)
    none = dataclasses.replace(
        training.faces, occluder_masks=0 * training.faces.occluder_masks
    )
    with pytest.raises(ValueError, match="expected both kinds of patches, got 0 of"):
        probe_detector(run, Training.of(none, PATCH, 0.25, NU), 40)
