"""Training the expression network of pictures: DAN (arXiv 2109.07270).

It is the baseline of Latent-OFER (arXiv 2307.11404); its class activation maps choose
latents, and it says whether a reconstruction still shows the same expression.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.latent_ofer.expression import ExpressionNetwork, ExpressionOutput
from face_jax.latent_ofer.expression_losses import (
    DAN_WEIGHTS,
    cross_entropy,
    dan_terms,
    partition_loss,
)
from face_jax.latent_ofer.labels import label_map
from face_jax.latent_ofer.patches import normalize
from face_jax.latent_ofer.pictures import check_picture, labelled_sheet, pictures_of
from face_jax.latent_ofer.recognizer_table import IGNORED, expression_table
from face_jax.latent_ofer.refinement import resized
from face_jax.latent_ofer.starting_weights import load_network
from face_jax.losses.weighting import weighted_sum
from face_jax.nn.building import build_module
from face_jax.train import optim
from face_jax.train.task import Aux, Phase, Task, Update
from face_jax.types import Array, Batch, Variables

NETWORK, CENTERS = "expression", "centers"

SCHEDULE: Mapping[str, Any] = {
    "name": "constant",
    "peak": 0.1,
}


@dataclasses.dataclass(frozen=True)
class ExpressionTask(Task):
    """DAN's training; every default is the published value for RAF-DB.

    Attributes:
      network: fields of ``ExpressionNetwork``; the number of classes is the data's.
      dataset: whose labels the data have, a name in ``labels.LABEL_MAPS``.
      side: height and width of the pictures that the network sees, pixels.
      picture: which of an item's pictures it sees: ``image``, or ``clean_image``
        without what covers the face.
      weights: of the terms of the objective, see ``dan_terms``; without one a term is
        only reported, without an affinity there are no centres.
      optimizer: name and keywords of the optimizer of network and centres.
      schedule: learning rate by global step.
      start_from: folder of a run, or file of published weights; None begins with
        random weights.

    Raises:
      ValueError: there is no such data set, picture or term.
    """

    network: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    dataset: str = "raf_db"
    side: int = 224
    picture: str = "image"
    weights: Mapping[str, float] = dataclasses.field(
        default_factory=lambda: dict(DAN_WEIGHTS)
    )
    optimizer: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: {
            "name": "sgd",
            "momentum": 0.9,
            "weight_decay": 1e-4,
        }
    )
    schedule: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: dict(SCHEDULE)
    )
    start_from: str | None = None

    def __post_init__(self) -> None:
        label_map(self.dataset)
        check_picture("picture", self.picture)
        if unknown := sorted(set(self.weights) - set(DAN_WEIGHTS)):
            raise ValueError(
                f"task.weights: expected some of {', '.join(DAN_WEIGHTS)}, "
                f"got {', '.join(unknown)}"
            )

    @functools.cached_property
    def module(self) -> ExpressionNetwork:
        """The network."""
        classes = len(label_map(self.dataset).classes)
        return expression_network(self.network, classes)

    def init(self, key: Array, batch: Batch) -> Variables:
        """Random variables; the centres of the classes are drawn from N(0, 1)."""
        del batch
        first, second = jax.random.split(key)
        image = jnp.zeros((1, self.side, self.side, 3))
        variables = {NETWORK: self.module.init(first, image)}
        if self.weights.get("affinity"):
            found = jax.eval_shape(self.module.apply, variables[NETWORK], image)
            shape = (self.module.num_classes, found.features.shape[-1])
            drawn = jax.random.normal(second, shape)
            variables[CENTERS] = {"params": {"centers": drawn}}
        return variables

    def pretrained(self) -> Mapping[str, Mapping[str, Any]]:
        """What the run begins with.

        Raises:
          FileNotFoundError: there is no such run or file.
          ValueError: it does not fit.
        """
        if self.start_from is None:
            return {}
        given = (self.start_from, self.module, self.side)
        return {NETWORK: load_expression("start_from", *given)}

    def optimizers(self):
        """One for the network, one for the centres."""
        names = (NETWORK, *((CENTERS,) if self.weights.get("affinity") else ()))
        return {name: optim.optimizer(self.optimizer) for name in names}

    def learning_rates(self, step: Array) -> Mapping[str, Array]:
        """The same rate for both."""
        rate = jnp.float32(optim.schedule(self.schedule)(step))
        return dict.fromkeys(self.optimizers(), rate)

    def updates(self, phase: Phase) -> tuple[Update, ...]:
        """One update."""
        del phase
        return (Update(NETWORK, tuple(self.optimizers()), self.loss),)

    def loss(self, variables, batch, key, carry):
        """DAN's objective."""
        del key, carry
        output, changed = self.module.apply(
            variables[NETWORK], self._shown(batch), train=True, mutable=["batch_stats"]
        )
        labels = batch["label"]
        terms = self._terms(variables, output, labels)
        metrics = {**terms, "accuracy": hits(output.logits, labels).mean()}
        return weighted_sum(terms, self.weights), Aux(metrics, {NETWORK: changed})

    def predict(self, variables: Variables, batch: Batch) -> dict[str, Array]:
        """Probabilities [B, classes]."""
        output = self.module.apply(variables[NETWORK], self._shown(batch))
        assert isinstance(output, ExpressionOutput)
        return {"probabilities": jax.nn.softmax(output.logits)}

    def metrics(self, batch: Batch, outputs: Mapping[str, Array]) -> dict[str, Array]:
        """Whether each picture's class was found."""
        return {"accuracy": hits(outputs["probabilities"], batch["label"])}

    def pictures(
        self, batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Photographs with the likeliest class and the true one."""
        names = label_map(self.dataset).classes
        shown = np.asarray(batch[self.picture])
        found = outputs["probabilities"]
        return {"expressions": labelled_sheet(shown, found, batch["label"], names)}

    def _terms(
        self, variables: Variables, output: ExpressionOutput, labels: Array
    ) -> dict[str, Array]:
        if CENTERS in variables:
            return dan_terms(output, labels, variables[CENTERS]["params"]["centers"])
        return {
            "classification": cross_entropy(output.logits, labels),
            "partition": partition_loss(output.heads),
        }

    def _shown(self, batch: Batch) -> Array:
        return normalize(resized(pictures_of(batch, self.picture), self.side))


def expression_network(
    fields: Mapping[str, Any], num_classes: int = 7
) -> ExpressionNetwork:
    """The network from the fields of a config.

    Raises:
      ValueError: it has no such field.
    """
    return build_module(ExpressionNetwork, {"num_classes": num_classes}, fields)


def load_expression(
    field: str, source: str, module: ExpressionNetwork, side: int
) -> dict[str, Any]:
    """Variables of an expression network, see ``starting_weights.load_network``."""
    image = jax.ShapeDtypeStruct((1, side, side, 3), jnp.float32)
    return load_network(
        field, source, NETWORK, module, (image,), expression_table, IGNORED
    )


def hits(scores: Array, labels: Array) -> Array:
    """float32 [B], 1 where the highest of scores [B, classes] is the label's."""
    return (jnp.argmax(scores, axis=-1) == labels).astype(jnp.float32)
