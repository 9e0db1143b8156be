"""What a system says about its training; the loop and the step know nothing else.

A training iteration is an ordered list of updates, each with a loss and the networks
that it may move. A phase names the compiled step and the data stream of an iteration,
so that a schedule of phases costs no branch inside the compiled program.
"""

import abc
import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
import optax

from face_jax.types import Array, Batch, PyTree, Variables


class Aux(flax.struct.PyTreeNode):
    """What a loss returns beside its scalar.

    Attributes:
      metrics: name to float32 scalar, a mean over the batch; the loss terms.
      model_state: network to its collections after this forward pass (batch
        statistics); empty where nothing changed.
      carry: arrays for the updates that follow, each with a leading batch axis.
        Gradients do not flow through it.
    """

    metrics: Mapping[str, Array]
    model_state: Mapping[str, PyTree] = flax.struct.field(default_factory=dict)
    carry: Mapping[str, PyTree] = flax.struct.field(default_factory=dict)


LossFn = Callable[[Variables, Batch, Array, Mapping[str, PyTree]], tuple[Array, Aux]]
"""(variables of all networks, batch, random key, carry) -> (scalar loss, Aux)."""


@dataclasses.dataclass(frozen=True)
class Update:
    """One optimizer step inside an iteration.

    Attributes:
      name: prefix of its metrics, for example ``"generator"``.
      trains: networks whose parameters move. All others are constants here: their
        optimizer state stays untouched, which zero gradients would not achieve.
      loss: the loss to descend.
    """

    name: str
    trains: tuple[str, ...]
    loss: LossFn


@dataclasses.dataclass(frozen=True)
class Phase:
    """A stretch of training under one compiled step.

    Attributes:
      step: what selects the compiled step; one compilation for each distinct value.
      data: which data stream feeds it.
    """

    step: Hashable = "train"
    data: str = "train"


class Task(abc.ABC):
    """One trainable system.

    Implementations are frozen dataclasses whose fields are the ``task`` block of a
    config, with the published values as defaults.
    """

    @abc.abstractmethod
    def init(self, key: Array, batch: Batch) -> Variables:
        """Initial variables of every network, the frozen ones included."""

    @abc.abstractmethod
    def optimizers(self) -> Mapping[str, optax.GradientTransformation]:
        """Networks that are trained, each with its optimizer.

        The transformations give a descent direction without learning rate: the step
        subtracts ``learning_rate * direction``.
        """

    @abc.abstractmethod
    def learning_rates(self, step: Array) -> Mapping[str, Array]:
        """Learning rate of each trained network at a global step."""

    @abc.abstractmethod
    def updates(self, phase: Phase) -> Sequence[Update]:
        """The updates of one iteration in this phase, in order."""

    @abc.abstractmethod
    def predict(self, variables: Variables, batch: Batch) -> dict[str, Array]:
        """Everything evaluators want, for a batch; jit drops what they do not use."""

    @abc.abstractmethod
    def metrics(self, batch: Batch, outputs: Mapping[str, Array]) -> dict[str, Array]:
        """Evaluation metrics per sample, name to [B], from ``predict``'s outputs."""

    def phase(self, step: int) -> Phase:
        """The phase of a global step; called on the host."""
        del step
        return Phase()

    def pretrained(self) -> Mapping[str, Mapping[str, Any]]:
        """Variables read from the user's files, network to host arrays."""
        return {}

    def teachers(self) -> tuple[str, ...]:
        """Frozen networks that only losses need: never written to checkpoints."""
        return ()

    def partition_rules(self) -> Sequence[tuple[str, jax.sharding.PartitionSpec]]:
        """Ordered (regular expression over slash paths, spec) for large tensors."""
        return ()

    def pictures(
        self, batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Pictures to look at, name to uint8 [H, W, 3], from host arrays."""
        del batch, outputs
        return {}


def zeros_like_spec(spec: Mapping[str, jax.ShapeDtypeStruct]) -> dict[str, Array]:
    """A batch of zeros of the given shapes, to initialise networks with."""
    return {name: jnp.zeros(leaf.shape, leaf.dtype) for name, leaf in spec.items()}
