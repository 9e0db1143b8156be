"""Trained recognisers of expressions, and what they say of the pictures of a pipeline.

A pipeline's stage ``latents`` has stored what its recogniser is given of the test
pictures. Recognisers that look at pictures as they are get those that it was made of.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

import data_pipelines
from face_jax.cli.stages import INCIDENTAL, without
from face_jax.latent_ofer.labels import label_map
from face_jax.latent_ofer.occluded_faces import kind_rows
from face_jax.latent_ofer.recognition_report import (
    RecognitionReport,
    report_recognition,
)
from face_jax.systems import build_task
from face_jax.train.checkpoints import load_variables
from face_jax.train.stages import MARKER
from face_jax.train.task import Task
from face_jax.types import Variables

SETS = ("covered", "uncovered")
"""What the stage ``latents`` calls the pictures of the test split."""
BATCH = 64
LATENTS, ITEM = "latents", "latent_item"

SYSTEMS = {
    "latent_ofer.recognizer": "recognizer",
    "latent_ofer.expression": "expression",
}
"""Systems whose runs recognise expressions, and their network."""

SELECTION_TITLES = {
    "relevant": "reconstruction + relevant latents",
    "static": "reconstruction + latents of a window",
    "all": "reconstruction + all latents",
    "none": "reconstruction alone",
}
"""What recognisers on stored latents are called, by their ``selection``."""


@dataclasses.dataclass(frozen=True)
class TrainedRecognizer:
    """One run.

    Attributes:
      folder: its work directory.
      config: that it was trained with.
      task: its task, which looks at ``image``.
      variables: of its network.
    """

    folder: Path
    config: Mapping[str, Any]
    task: Task
    variables: Variables

    @property
    def seed(self) -> int:
        """Of its training."""
        return int(self.config["run"]["seed"])

    @property
    def on_latents(self) -> bool:
        """Whether it is given what the stages before made of pictures."""
        return self.config["data"].get("source") == LATENTS

    @property
    def title(self) -> str:
        """What it is called, by what it is given."""
        if self.on_latents:
            return SELECTION_TITLES[self.config["task"]["selection"]]
        pictures = self.config["data"].get("synthetic_images") or {}
        clean = self.config["task"].get("picture") == "clean_image"
        covered = pictures.get("occluders") and not clean
        return f"CNN only, trained on {'covered' if covered else 'uncovered'} faces"

    @property
    def recipe(self) -> str:
        """Equal for runs that differ in their seed alone."""
        keys = (*INCIDENTAL, "run.seed", "evals", "uses")
        settings = without(self.config, keys)
        if self.on_latents:
            settings["data"][LATENTS]["path"] = str(latents_of(self))
        for field in ("start_from", "image_branch_from"):
            if source := settings["task"].get(field):
                settings["task"][field] = str(Path(source).resolve())
        return json.dumps(settings, sort_keys=True)


def load_recognizer(folder: Path) -> TrainedRecognizer:
    """Loads a run of one of ``SYSTEMS``.

    Raises:
      FileNotFoundError: it has no checkpoint.
      ValueError: it is of another system.
    """
    variables, config = load_variables(folder)
    system = config["system"]
    if system not in SYSTEMS:
        raise ValueError(
            f"{folder}: expected a run of {' or '.join(SYSTEMS)}, got {system}"
        )
    settings = dict(config["task"])
    if "picture" in settings:
        settings["picture"] = "image"
    network = SYSTEMS[system]
    task = build_task(system, settings)
    return TrainedRecognizer(folder, config, task, {network: variables[network]})


def latents_of(recognizer: TrainedRecognizer) -> Path:
    """The folder of the latents that it was trained on."""
    return Path(recognizer.config["data"][LATENTS]["path"]).resolve()


def load_all(pipeline: Path, others: Sequence[Path]) -> list[TrainedRecognizer]:
    """The pipeline's own recogniser, where it is trained, and others.

    Args:
      pipeline: work directory of the stages.
      others: work directories of single runs.

    Raises:
      FileNotFoundError: a run has no checkpoint.
      ValueError: a run is of another system, two are the same, or they were trained on
        the latents of several pipelines or know several sets of classes.
    """
    own = pipeline / "recognizer"
    folders = [own, *others] if (own / "checkpoints").is_dir() else list(others)
    runs = [load_recognizer(folder) for folder in folders]
    _check_same("latents", {r.folder: str(latents_of(r)) for r in runs if r.on_latents})
    _check_same("task.dataset", {r.folder: r.config["task"]["dataset"] for r in runs})
    known: dict[tuple[str, int], Path] = {}
    for run in runs:
        other = known.setdefault((run.recipe, run.seed), run.folder)
        if other != run.folder:
            raise ValueError(
                f"{run.folder}: expected another seed or setting than that of {other}, "
                f"got seed {run.seed} and the same settings"
            )
    return runs


def recognition_reports(
    pipeline: Path, runs: Sequence[TrainedRecognizer], unseen: Sequence[str]
) -> list[RecognitionReport]:
    """Every recogniser on the pictures of the test split, covered and uncovered.

    Args:
      pipeline: work directory of the stages.
      runs: of ``load_all``; those that differ in their seed alone are one recogniser.
      unseen: kinds of occluders that training did not have.

    Returns:
      A report for each recogniser, in the order of their first runs.

    Raises:
      FileNotFoundError: the pipeline's latents are not there.
      ValueError: they do not fit a run.
    """
    found = []
    for title, group in _titled(_grouped(runs)):
        judged = {
            run.seed: judge(run, (_block(run, pipeline, name) for name in SETS))
            for run in group
        }
        first = next(iter(judged.values()))
        classes = label_map(group[0].config["task"]["dataset"]).classes
        rows = kind_rows(first["occluder"], _kind_names(pipeline), unseen)
        probabilities = {seed: one["probabilities"] for seed, one in judged.items()}
        found.append(
            report_recognition(title, probabilities, first["label"], rows, classes)
        )
    return found


def settings_of_latents(pipeline: Path) -> dict[str, Any]:
    """What the stage ``latents`` of a pipeline was told, such as ``method``.

    Raises:
      FileNotFoundError: the stage is not finished.
    """
    path = pipeline / LATENTS / MARKER
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file; it says what the latents are of"
        )
    return json.loads(path.read_text(encoding="utf-8"))["settings"]


def judge(
    run: TrainedRecognizer, blocks: Iterable[Mapping[str, Any]]
) -> dict[str, np.ndarray]:
    """What a run says of pictures.

    Args:
      run: the recogniser.
      blocks: of data, whose items it understands.

    Returns:
      ``probabilities`` [n, K], ``label``, ``identity`` and ``occluder`` [n], and
      ``image`` [n, S, S, 3] uint8, of all blocks in their order.
    """
    predict = jax.jit(run.task.predict)
    parts = []
    for block in blocks:
        for batch in data_pipelines.build_evaluation(block, BATCH):
            counts = batch["mask"] > 0
            found = {k: batch[k] for k in ("label", "identity", "occluder", "image")}
            found |= jax.device_get(predict(run.variables, batch))
            parts.append({key: values[counts] for key, values in found.items()})
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _check_same(what: str, values: Mapping[Path, str]) -> None:
    for folder, value in values.items():
        first = next(iter(values))
        if value != values[first]:
            raise ValueError(
                f"{folder}: expected {what} {values[first]} as {first}, got {value}"
            )


def _grouped(runs: Sequence[TrainedRecognizer]) -> list[list[TrainedRecognizer]]:
    groups: dict[str, list[TrainedRecognizer]] = {}
    for run in runs:
        groups.setdefault(run.recipe, []).append(run)
    return list(groups.values())


def _titled(
    groups: Sequence[list[TrainedRecognizer]],
) -> Iterator[tuple[str, list[TrainedRecognizer]]]:
    """Groups with a title each; those of one title have the name of a run with it."""
    titles = [group[0].title for group in groups]
    for title, group in zip(titles, groups, strict=True):
        alone = titles.count(title) == 1
        yield (title if alone else f"{title} ({group[0].folder.name})"), group


def _block(run: TrainedRecognizer, pipeline: Path, name: str) -> dict[str, Any]:
    """The data block of a set, with the run's own recipe of items."""
    data = run.config["data"]
    item = data["item"]
    recipe = {"item": item, item: {**data[item], "mode": "plain"}}
    folder = pipeline / LATENTS
    if run.on_latents:
        return {"source": LATENTS, LATENTS: {"path": str(folder / name)}, **recipe}
    made = _pictures_of_set(pipeline, name)
    return {"source": made["source"], made["source"]: made[made["source"]], **recipe}


def _pictures_of_set(pipeline: Path, name: str) -> dict[str, Any]:
    """The data block that a set of latents was made of."""
    sets = settings_of_latents(pipeline)["sets"]
    if name not in sets:
        raise ValueError(
            f"{pipeline / LATENTS}: expected a set {name!r}, got {', '.join(sets)}"
        )
    return sets[name]


def _kind_names(pipeline: Path) -> tuple[str, ...]:
    block = {"source": LATENTS, LATENTS: {"path": str(pipeline / LATENTS / SETS[0])}}
    return data_pipelines.build_source({**block, "item": ITEM}).occluder_names
