"""A trained Latent-OFER model (arXiv 2307.11404) as a value to hand around.

>>> model = load("runs/latent_ofer")  # folder of a pipeline of stages
>>> found = classify(model, crops)  # uint8 [B, H, W, 3]
>>> found.probabilities.shape == (len(crops), len(model.classes))
True

Pictures are uint8 RGB cut out around faces, like those of the training. ``classify`` is
compiled once for each shape.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.detector import Method
from face_jax.latent_ofer.detector_task import DetectorTask
from face_jax.latent_ofer.expression_task import ExpressionTask
from face_jax.latent_ofer.folding import fold_pipeline
from face_jax.latent_ofer.labels import label_map
from face_jax.latent_ofer.pipeline import Pipeline, Recognized, Seen, recognize, see
from face_jax.latent_ofer.recognizer_task import RecognizerTask
from face_jax.latent_ofer.refinement_task import RefinementTask
from face_jax.nn.checks import check_shape
from face_jax.placement import Rows, place_everywhere, place_rows
from face_jax.train.checkpoints import load_system
from face_jax.types import Array, Variables

STAGES = ("detector", "expression", "refinement", "recognizer")
"""Folders of a pipeline that hold what a model consists of."""

NETWORKS = {
    "detector": ("autoencoder", "embedding", "sphere", "kernel_sphere"),
    "expression": ("expression",),
    "refinement": ("generator",),
    "recognizer": ("recognizer",),
}
"""What is taken from each of them, where it is there."""


@flax.struct.dataclass
class Model:
    """A trained model, ready to run; passes through ``jax.jit`` as an argument.

    Attributes:
      variables: by network, on the device.
      pipeline: the modules; part of a compiled program's identity.
      dataset: whose classes the model knows, a name in ``labels.LABEL_MAPS``.
      rows: how pictures are divided over devices; None for the default device.
    """

    variables: Variables
    pipeline: Pipeline = flax.struct.field(pytree_node=False)
    dataset: str = flax.struct.field(pytree_node=False)
    rows: Rows = flax.struct.field(pytree_node=False, default=None)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the expressions in the order of their probabilities."""
        return label_map(self.dataset).classes


def load(
    path: str | Path,
    method: Method = "deep",
    *,
    dtype: str | None = None,
    sharding: Rows = None,
    folded: bool = True,
) -> Model:
    """Loads the stages of a pipeline.

    Args:
      path: work directory of ``face-jax train`` with a config of stages.
      method: which detector decides.
      dtype: compute type of all networks but the spheres', such as ``bfloat16``; None
        for that of the training. Parameters are float32 always.
      sharding: how pictures are divided over devices; calls have a multiple of as many.
      folded: whether the networks are multiplied out, see ``folding``: the same but for
        rounding, faster, and with a recogniser of a fraction of the size.

    Returns:
      The model, its variables on the default device or on all that see pictures.

    Raises:
      FileNotFoundError: the folder is not that of a pipeline, or a stage has no
        checkpoint.
      ValueError: a checkpoint is not one of that stage, or there is no such detector.
    """
    runs = {name: Path(path) / name for name in STAGES}
    missing = [name for name, folder in runs.items() if not folder.is_dir()]
    if missing:
        raise FileNotFoundError(
            f"{path}: expected the folder of a pipeline with the stages "
            f"{', '.join(STAGES)}; there is no {', '.join(missing)}"
        )
    model = assemble(runs, method, folded=folded)
    pipeline = model.pipeline if dtype is None else _computing(model.pipeline, dtype)
    variables = place_everywhere(model.variables, sharding)
    return Model(variables, pipeline, model.dataset, sharding)


def assemble(
    runs: Mapping[str, str | Path], method: Method = "deep", *, folded: bool = True
) -> Model:
    """Puts a model together from single runs.

    Args:
      runs: folders of runs by the names of ``STAGES``; without ``recognizer`` the model
        only sees.
      method: which detector decides.
      folded: see ``load``.

    Returns:
      The model.

    Raises:
      FileNotFoundError: a run has no checkpoint.
      ValueError: a stage is missing or there is no such stage, a run is of another
        system, runs do not fit together, or there is no such detector.
    """
    _check_stages(runs)
    variables: dict[str, Any] = {}
    tasks: dict[str, Any] = {}
    for stage, folder in runs.items():
        needed = NETWORKS[stage][:1]
        found, config = load_system(folder, f"latent_ofer.{stage}", needed)
        variables |= {n: found[n] for n in NETWORKS[stage] if n in found}
        tasks[stage] = _task(stage, config["task"])
    if method == "kernel" and "kernel_sphere" not in variables:
        raise ValueError(
            f"{runs['detector']}: expected a detector with kernel SVDD, it has Deep "
            "SVDD alone"
        )
    _check_fit(runs, tasks)
    return from_tasks(tasks, variables, method, folded=folded)


def from_tasks(
    tasks: Mapping[str, Any],
    variables: Variables,
    method: Method = "deep",
    *,
    folded: bool = False,
) -> Model:
    """Puts a model together from the tasks of stages, for their modules alone.

    Args:
      tasks: by the names of ``STAGES``; without ``recognizer`` the model only sees.
      variables: of the networks in ``NETWORKS``.
      method: which detector decides.
      folded: see ``load``.
    """
    pipeline, dataset = _pipeline(tasks, method)
    if folded:
        pipeline, variables = fold_pipeline(pipeline, variables)
    return Model(jax.device_put(dict(variables)), pipeline, dataset)


def classify(model: Model, images: np.ndarray | Array) -> Recognized:
    """Recognises expressions.

    Args:
      model: the model, with a recogniser.
      images: uint8 [B, H, W, 3].

    Returns:
      Probabilities, and what the stages before found.

    Raises:
      ValueError: pictures of another shape or type, there is no recogniser, or B is not
        a multiple of the parts of the model's sharding.
    """
    _check_pictures(images)
    return _classify(model, place_rows(images, model.rows))


def look(model: Model, images: np.ndarray | Array) -> Seen:
    """Runs every stage but the recogniser; arguments as for ``classify``."""
    _check_pictures(images)
    return _look(model, place_rows(images, model.rows))


@jax.jit
def _classify(model: Model, images: Array) -> Recognized:
    return recognize(model.pipeline, model.variables, _in_unit_range(images))


@jax.jit
def _look(model: Model, images: Array) -> Seen:
    return see(model.pipeline, model.variables, _in_unit_range(images))


def _in_unit_range(images: Array) -> Array:
    return images.astype(jnp.float32) / 255.0


def _check_pictures(images: np.ndarray | Array) -> None:
    check_shape("images", images, ("B", "H", "W", 3))
    if images.dtype != np.uint8:
        raise ValueError(f"images: expected uint8, got {images.dtype}")


def _check_stages(runs: Mapping[str, str | Path]) -> None:
    *needed, optional = STAGES
    if {*runs, optional} != set(STAGES):
        raise ValueError(
            f"runs: expected {', '.join(needed)} and perhaps {optional}, "
            f"got {', '.join(runs)}"
        )


def _check_fit(runs: Mapping[str, str | Path], tasks: Mapping[str, Any]) -> None:
    """Refuses runs whose autoencoders or tokens differ in size."""
    eyes = tasks["detector"].detector.autoencoder
    if eyes != tasks["refinement"].refinement.autoencoder:
        raise ValueError(
            f"the runs {runs['detector']} and {runs['refinement']}: expected the same "
            "autoencoder, got two of other sizes"
        )
    recognizer = tasks.get("recognizer")
    if recognizer is None or recognizer.selection == "none":
        return
    given, tokens = (recognizer.grid, recognizer.token_width), eyes.decoder_width
    if given != (eyes.grid, tokens):
        raise ValueError(
            f"{runs['recognizer']}: expected task.grid {eyes.grid} and task.token_width "
            f"{tokens} as the autoencoder's, got {given[0]} and {given[1]}"
        )


def _computing(pipeline: Pipeline, dtype: str) -> Pipeline:
    """The pipeline with networks that compute in another type."""

    def change(module: Any) -> Any:
        return None if module is None else module.clone(dtype=jnp.dtype(dtype))

    detector, refinement = pipeline.detector, pipeline.refinement
    eyes = change(detector.autoencoder)
    return dataclasses.replace(
        pipeline,
        detector=dataclasses.replace(detector, autoencoder=eyes),
        refinement=dataclasses.replace(
            refinement, autoencoder=eyes, generator=change(refinement.generator)
        ),
        expression=change(pipeline.expression),
        recognizer=change(pipeline.recognizer),
    )


def _task(stage: str, settings: Mapping[str, Any]) -> Any:
    """The task of a stage, for its modules alone."""
    classes = {
        "detector": DetectorTask,
        "expression": ExpressionTask,
        "refinement": RefinementTask,
        "recognizer": RecognizerTask,
    }
    return classes[stage](**settings)


def _pipeline(tasks: Mapping[str, Any], method: Method) -> tuple[Pipeline, str]:
    expression, recognizer = tasks["expression"], tasks.get("recognizer")
    pipeline = Pipeline(
        detector=dataclasses.replace(tasks["detector"].detector, method=method),
        refinement=tasks["refinement"].refinement,
        expression=expression.module,
        expression_side=expression.side,
    )
    if recognizer is None:
        return pipeline, expression.dataset
    return (
        dataclasses.replace(
            pipeline,
            recognizer=recognizer.module,
            recognizer_side=recognizer.side,
            selection=recognizer.selection,
            relevant_share=recognizer.relevant_share,
        ),
        recognizer.dataset,
    )
