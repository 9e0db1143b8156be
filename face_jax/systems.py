"""The systems of this library, by name: where a config meets its Task."""

import importlib
from collections.abc import Mapping
from typing import Any

from face_jax.train.task import Task

SYSTEMS = {
    "fsrt": "face_jax.fsrt.task:FsrtTask",
    "fsrt.distillation": "face_jax.fsrt.distillation_task:DistillationTask",
    "smirk": "face_jax.smirk.task:SmirkTask",
    "latent_ofer.autoencoder": "face_jax.latent_ofer.mae_task:MaeTask",
    "latent_ofer.detector": "face_jax.latent_ofer.detector_task:DetectorTask",
    "latent_ofer.expression": "face_jax.latent_ofer.expression_task:ExpressionTask",
    "latent_ofer.refinement": "face_jax.latent_ofer.refinement_task:RefinementTask",
    "latent_ofer.recognizer": "face_jax.latent_ofer.recognizer_task:RecognizerTask",
}
"""System name to ``module:class``."""


def build_task(system: str, settings: Mapping[str, Any]) -> Task:
    """Builds a system's task.

    Args:
      system: name of the system.
      settings: the ``task`` block of a config: fields of the task's class.

    Returns:
      The task.

    Raises:
      ValueError: the system is unknown, or it has no such setting.
    """
    if system not in SYSTEMS:
        raise ValueError(f"system: expected one of {sorted(SYSTEMS)}, got {system!r}")
    module, _, name = SYSTEMS[system].partition(":")
    task_class = getattr(importlib.import_module(module), name)
    try:
        return task_class(**settings)
    except TypeError as error:
        raise ValueError(f"config.task of {system!r}: {error}") from error
