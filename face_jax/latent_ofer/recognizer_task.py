"""Training the cooperative recogniser, the last stage, on what the others made.

Pictures from which occlusion was taken away, the autoencoder's tokens of their patches
and the patches' relevance are cached: an earlier stage wrote them. Source: Latent-OFER,
arXiv 2307.11404.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from face_jax.latent_ofer.expression_losses import cross_entropy
from face_jax.latent_ofer.expression_task import (
    expression_network,
    hits,
    load_expression,
)
from face_jax.latent_ofer.labels import label_map
from face_jax.latent_ofer.patches import normalize
from face_jax.latent_ofer.pictures import labelled_sheet, pictures_of
from face_jax.latent_ofer.recognizer import Recognition, Recognizer
from face_jax.latent_ofer.recognizer_table import IGNORED, recognizer_table
from face_jax.latent_ofer.refinement import resized
from face_jax.latent_ofer.starting_weights import load_network
from face_jax.latent_ofer.token_selection import Selection, select_latents
from face_jax.nn.building import build_module
from face_jax.nn.checks import check_shape
from face_jax.train import optim
from face_jax.train.task import Aux, Phase, Task, Update
from face_jax.types import Array, Batch, Variables

NETWORK, BRANCH = "recognizer", "image_branch"

IMAGE_FIELDS = frozenset(
    {"num_heads", "spatial_hidden", "channel_hidden", "depths", "width", "dtype"}
)
"""Fields of ``Recognizer`` that its image branch depends on."""

SCHEDULE: Mapping[str, Any] = {
    "name": "steps",
    "peak": 0.1,
    "boundaries": tuple(96 * epoch for epoch in (10, 20, 30, 40, 50)),
    "factor": 0.1,
}
"""The published rate for RAF-DB's 96 batches of 128, a tenth every ten epochs."""


@dataclasses.dataclass(frozen=True)
class RecognizerTask(Task):
    """The recogniser's training; every default is the published value.

    Attributes:
      network: fields of ``Recognizer``; the number of classes is the data's.
      dataset: whose labels the data have, a name in ``labels.LABEL_MAPS``.
      side: height and width of the pictures that the network sees, pixels.
      grid: patches along either side of the pictures that the tokens are of.
      token_width: width of the tokens.
      selection: whose latents it sees.
      relevant_share: share of the patches that ``relevant`` takes.
      optimizer: name and keywords.
      schedule: learning rate by global step.
      start_from: folder of a run, or file of published weights; None begins with
        random weights.
      image_branch_from: folder of a run of an expression network, or file of DAN's
        published weights, whose trunk and heads the image branch begins with; the
        published one begins with a trunk that knows faces too. Not beside ``start_from``.

    Raises:
      ValueError: there is no such data set or selection, or the share is not in (0, 1].
    """

    network: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    dataset: str = "raf_db"
    side: int = 224
    grid: int = 14
    token_width: int = 512
    selection: Selection = "static"
    relevant_share: float = 0.5
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
    image_branch_from: str | None = None

    def __post_init__(self) -> None:
        if self.start_from is not None and self.image_branch_from is not None:
            raise ValueError(
                "task.image_branch_from: expected nothing beside task.start_from, "
                f"got {self.image_branch_from!r}"
            )
        label_map(self.dataset)
        if self.selection not in get_args(Selection):
            raise ValueError(
                f"task.selection: expected one of {', '.join(get_args(Selection))}, "
                f"got {self.selection!r}"
            )
        if not 0.0 < self.relevant_share <= 1.0:
            raise ValueError(
                "task.relevant_share: expected a share in (0, 1], "
                f"got {self.relevant_share}"
            )

    @functools.cached_property
    def module(self) -> Recognizer:
        """The network."""
        given: dict[str, Any] = {"num_classes": len(label_map(self.dataset).classes)}
        network = build_module(Recognizer, given, self.network)
        return (
            network.clone(latent_features=()) if self.selection == "none" else network
        )

    def init(self, key: Array, batch: Batch) -> Variables:
        """Random variables.

        Raises:
          ValueError: the data's tokens are not those that the task expects.
        """
        if self.selection != "none":
            rows = len(batch["image"])
            shape = (rows, 1 + self.grid**2, self.token_width)
            check_shape("tokens of the data", batch["tokens"], shape)
        return {NETWORK: self.module.init(key, *self._inputs())}

    def pretrained(self) -> Mapping[str, Mapping[str, Any]]:
        """What the run begins with.

        Raises:
          FileNotFoundError: there is no such run or file.
          ValueError: it does not fit.
        """
        if self.image_branch_from is not None:
            return {f"{NETWORK}/{BRANCH}": self._image_branch(self.image_branch_from)}
        if self.start_from is None:
            return {}
        loaded = load_network(
            "start_from",
            self.start_from,
            NETWORK,
            self.module,
            self._inputs(),
            recognizer_table,
            IGNORED,
        )
        return {NETWORK: loaded}

    def optimizers(self):
        """One."""
        return {NETWORK: optim.optimizer(self.optimizer)}

    def learning_rates(self, step: Array) -> Mapping[str, Array]:
        """The network's rate."""
        return {NETWORK: jnp.float32(optim.schedule(self.schedule)(step))}

    def partition_rules(self):
        """The latent branch's first layers are most of the network.

        What one splits over ``tensor`` the next one sums up. Were both split alike, XLA's
        partitioner (jax 0.10, mesh 2 x 2 x 2) would make a wrong gradient of the first.
        """
        if self.selection == "none":
            return ()
        columns, rows = PartitionSpec("fsdp", "tensor"), PartitionSpec("tensor", "fsdp")
        return (
            (r".*latent_branch/dense_0/kernel", columns),
            (r".*latent_branch/dense_1/kernel", rows),
        )

    def updates(self, phase: Phase) -> tuple[Update, ...]:
        """One update."""
        del phase
        return (Update(NETWORK, (NETWORK,), self.loss),)

    def loss(self, variables, batch, key, carry):
        """Cross-entropy."""
        del key, carry
        output, changed = self.module.apply(
            variables[NETWORK],
            self._shown(batch),
            self._latents(batch),
            train=True,
            mutable=["batch_stats"],
        )
        loss = cross_entropy(output.logits, batch["label"])
        accuracy = hits(output.logits, batch["label"]).mean()
        metrics = {"classification": loss, "accuracy": accuracy}
        return loss, Aux(metrics, {NETWORK: changed})

    def predict(self, variables: Variables, batch: Batch) -> dict[str, Array]:
        """Probabilities [B, classes]."""
        output = self.module.apply(
            variables[NETWORK], self._shown(batch), self._latents(batch)
        )
        assert isinstance(output, Recognition)
        return {"probabilities": jax.nn.softmax(output.logits)}

    def metrics(self, batch: Batch, outputs: Mapping[str, Array]) -> dict[str, Array]:
        """Whether each picture's class was found."""
        return {"accuracy": hits(outputs["probabilities"], batch["label"])}

    def pictures(
        self, batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Pictures with the likeliest class and the true one."""
        names = label_map(self.dataset).classes
        shown = np.asarray(batch["image"])
        found = outputs["probabilities"]
        return {"expressions": labelled_sheet(shown, found, batch["label"], names)}

    def _image_branch(self, source: str) -> dict[str, Any]:
        """Variables of an expression network's image branch."""
        fields = {k: v for k, v in self.network.items() if k in IMAGE_FIELDS}
        module = expression_network(fields, self.module.num_classes)
        loaded = load_expression("image_branch_from", source, module, self.side)
        return {collection: tree[BRANCH] for collection, tree in loaded.items()}

    def _inputs(self) -> tuple[Array, Array | None]:
        """Empty inputs of the network."""
        image = jnp.zeros((1, self.side, self.side, 3))
        tokens = jnp.zeros((1, 1 + self.grid**2, self.token_width))
        relevance = jnp.zeros((1, self.grid, self.grid))
        return image, self._latents({"tokens": tokens, "relevance": relevance})

    def _shown(self, batch: Batch) -> Array:
        return normalize(resized(pictures_of(batch, "image"), self.side))

    def _latents(self, batch: Batch) -> Array | None:
        if self.selection == "none":
            return None
        tokens = batch["tokens"].astype(jnp.float32)
        return select_latents(
            tokens, batch["relevance"], self.selection, self.relevant_share
        )
