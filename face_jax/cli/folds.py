"""A recogniser trained on with the pictures of all persons but one, each in turn.

What the stages before the recogniser make of the pictures is stored once. Which person
is left out decides nothing else, so that the folds differ in their pictures alone.
"""

import dataclasses
import functools
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ml_collections import ConfigDict

import data_pipelines
from face_jax.cli.latents import store_latents
from face_jax.cli.runs import train
from face_jax.cli.trained_recognizers import (
    ITEM,
    LATENTS,
    TrainedRecognizer,
    judge,
    load_recognizer,
    settings_of_latents,
)
from face_jax.latent_ofer.labels import label_map
from face_jax.latent_ofer.model import STAGES
from face_jax.train.checkpoints import load_variables

PICTURES = "pictures"
"""What the set of stored latents is called."""

log = logging.getLogger("face_jax")


@dataclasses.dataclass(frozen=True)
class Folds:
    """What all folds share.

    Attributes:
      pipeline: work directory of the stages.
      data: block of data, photographs with labels and persons.
      out: each fold is a run in a folder of this one.
      steps: of training.
      batch_size: pictures in a step.
      rate: learning rate, the same at all steps.
      seed: of the trainings.
    """

    pipeline: Path
    data: Mapping[str, Any]
    out: Path
    steps: int
    batch_size: int
    rate: float
    seed: int = 0

    @functools.cached_property
    def people(self) -> tuple[str, ...]:
        """Names of the persons, each of whom is left out once.

        Raises:
          ValueError: there are less than two.
        """
        people = data_pipelines.build_source(self.data).people
        if len(people) < 2:
            raise ValueError(
                f"--people: expected at least two persons, got {people[0]}"
            )
        return people

    @property
    def latents(self) -> Path:
        """Folder of what is stored of the pictures."""
        return self.out / LATENTS / PICTURES


def photographs(pipeline: Path, **faces: Any) -> dict[str, Any]:
    """The block of data of photographs, cut out as those of a pipeline were.

    Args:
      pipeline: work directory of the stages.
      **faces: arguments of ``FaceFiles``; ``label_names`` come from the recogniser.

    Raises:
      FileNotFoundError: a stage is not trained.
    """
    _, detector = load_variables(pipeline / STAGES[0])
    _, recognizer = load_variables(pipeline / "recognizer")
    item = {**detector["data"]["latent_ofer_item"], "mode": "plain"}
    classes = label_map(recognizer["task"]["dataset"]).classes
    return {
        "source": "faces",
        "faces": {**faces, "label_names": classes},
        "item": "latent_ofer_item",
        "latent_ofer_item": {**item, "class_balanced": False},
    }


def store(folds: Folds) -> bool:
    """Stores the latents of all pictures, unless they are there; False when stopped."""
    settings = {
        "runs": {name: str(folds.pipeline / name) for name in STAGES[:-1]},
        "method": settings_of_latents(folds.pipeline)["method"],
        "batch_size": 16,
        "sets": {PICTURES: dict(folds.data)},
    }
    return store_latents(ConfigDict(settings), folds.out / LATENTS)


def as_trained(folds: Folds) -> dict[str, np.ndarray]:
    """What the pipeline's recogniser says of all pictures, see ``judge``."""
    run = load_recognizer(folds.pipeline / "recognizer")
    return judge(run, [_stored(folds, run.config, None, "plain")])


def held_out(folds: Folds) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Trains every fold; gives its person and what is said of that person's pictures.

    Folds that are trained already are not trained again.
    """
    people = folds.people
    start = load_recognizer(folds.pipeline / "recognizer")
    for number, name in enumerate(people):
        others = [other for other in range(len(people)) if other != number]
        log.info("person %d of %d: %s", number + 1, len(people), name)
        folder = folds.out / f"without_{number:03d}"
        train(_fold(folds, start, others), folder)
        run = load_recognizer(folder)
        yield name, judge(run, [_stored(folds, run.config, [number], "plain")])


def _fold(folds: Folds, start: TrainedRecognizer, others: list[int]) -> ConfigDict:
    """The config of a training with the pictures of some of the persons."""
    known = start.config
    changes = {"steps": folds.steps, "save_every": folds.steps, "seed": folds.seed}
    task = {
        **known["task"],
        "schedule": {"name": "constant", "peak": folds.rate},
        "start_from": str(start.folder),
        "image_branch_from": None,
    }
    config = {
        **known,
        "uses": {},
        "task": task,
        "data": _stored(folds, known, others, "train"),
        "evals": {},
        "reports": {"tasks": (), "every": 0},
        "loader": {**known["loader"], "batch_size": folds.batch_size},
        "run": {**known["run"], **changes},
    }
    return ConfigDict(config)


def _stored(
    folds: Folds, config: Mapping[str, Any], identities: list[int] | None, mode: str
) -> dict[str, Any]:
    """The block of data of stored pictures, with a run's own recipe of items."""
    item = {**config["data"][ITEM], "mode": mode, "class_balanced": mode == "train"}
    stored = {"path": str(folds.latents), "identities": identities}
    return {"source": LATENTS, LATENTS: stored, "item": ITEM, ITEM: item}
