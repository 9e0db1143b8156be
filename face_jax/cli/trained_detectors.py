"""Detectors of covered patches among the stages of a pipeline."""

import json
from pathlib import Path

from face_jax.latent_ofer.detector_task import DetectorTask
from face_jax.latent_ofer.patch_detectors import DetectorRun
from face_jax.train.checkpoints import load_system

SYSTEM = "latent_ofer.detector"
DECIDING = "detector"
"""The stage whose masks the later stages use."""


def load_detectors(pipeline: Path) -> list[DetectorRun]:
    """Loads all of them; the one that decides is the last.

    Raises:
      FileNotFoundError: a stage has no checkpoint.
      ValueError: a checkpoint is damaged.
    """
    systems = {
        path.parent: json.loads(path.read_text(encoding="utf-8"))["system"]
        for path in sorted(pipeline.glob("*/config.json"))
    }
    folders = [folder for folder, system in systems.items() if system == SYSTEM]
    folders.sort(key=lambda folder: folder.name == DECIDING)
    return [_load(folder) for folder in folders]


def _load(folder: Path) -> DetectorRun:
    needed = ("autoencoder", "embedding", "sphere")
    variables, config = load_system(folder, SYSTEM, needed)
    task = DetectorTask(**config["task"])
    return DetectorRun(
        task.objective, task.nu, task.covered_share, task.detector, variables
    )
