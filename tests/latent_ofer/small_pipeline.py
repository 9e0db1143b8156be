"""A model of all stages, small enough for tests, and the folder that it would be in."""

import functools
from pathlib import Path

import jax
import numpy as np

from face_jax.latent_ofer.detector import detect
from face_jax.latent_ofer.model import NETWORKS, Model, from_tasks
from tests.latent_ofer.small_tasks import (
    detector_task,
    expression_task,
    random_batch,
    recognizer_task,
    refinement_task,
    save_run,
    token_batch,
    variables_of,
)

STAGES = {
    "detector": (detector_task, random_batch),
    "expression": (expression_task, random_batch),
    "refinement": (refinement_task, random_batch),
    "recognizer": (recognizer_task, token_batch),
}
"""Task and batches by the names of folders."""


def save_pipeline(folder: Path) -> Path:
    """Writes random variables as the runs of all stages would; returns the folder."""
    for stage, (make, batch) in STAGES.items():
        save_run(folder / stage, stage, make(), batch())
    return folder


@functools.cache
def small_model() -> Model:
    """Random variables, and a sphere that about half of all patches lie outside of."""
    tasks = {stage: make() for stage, (make, _) in STAGES.items()}
    variables = {}
    for stage, (_, batch) in STAGES.items():
        found = variables_of(tasks[stage], batch())
        variables |= {name: found[name] for name in NETWORKS[stage]}
    sphere = variables["sphere"]["constants"]
    sphere |= {"deviation": np.ones_like(sphere["deviation"]), "radius": np.float32(1)}
    images = random_batch()["image"] / np.float32(255)
    detector = tasks["detector"].detector
    scores = jax.jit(lambda *given: detect(detector, *given).scores)(variables, images)
    sphere["radius"] = np.float32(np.median(scores))
    return from_tasks(tasks, variables)
