"""What a system says about its training; the loop and the step know nothing else.

A training iteration is an ordered list of updates, each with a loss and the networks
that it may move. A phase names the compiled step and the data stream of an iteration,
so that a schedule of phases costs no branch inside the compiled program.
"""

import abc
import dataclasses
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
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


Batches = Callable[[], Iterator[Batch]]
"""Opens the training stream anew: global batches from step 0 on, without an end."""


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

    def begins_with(self) -> tuple[str, ...]:
        """Files and folders of the user that a training begins with."""
        return ()

    def check(self) -> None:
        """Refuses what a training cannot begin with, before any data are prepared.

        Raises:
          ValueError: what the config names does not fit.
          FileNotFoundError: it does not exist.
        """
        for path in self.begins_with():
            if not Path(path).exists():
                raise FileNotFoundError(f"task: nothing to begin with at {path}")

    def pretrained(self) -> Mapping[str, Mapping[str, Any]]:
        """Variables read from the user's files, network to host arrays.

        A trained network may begin with one module's alone, as ``network/module``.
        """
        return {}

    def teachers(self) -> tuple[str, ...]:
        """Frozen networks that only losses need: never written to checkpoints."""
        return ()

    def before_training(self, variables: Variables, batches: Batches) -> Variables:
        """What is computed from data before the first step, such as a centre.

        Called once, when a run starts afresh; a run that goes on has it in its
        checkpoint.

        Args:
          variables: of all networks; the pretrained ones are in place. Like the batches
            they may be split over processes: ``distributed.to_host`` gives them whole.
          batches: opens the training stream; take as many batches as it needs.

        Returns:
          Network to the collections that are replaced, as ``state.replace_variables``
          takes them: no parameters of trained networks, no teachers, the same shapes.
        """
        del variables, batches
        return {}

    def after_training(self, variables: Variables, batches: Batches) -> Variables:
        """What is computed from data after the last step, such as a radius or a fit.

        Called when ``run.steps`` is reached, before the last evaluation and the last
        checkpoint. A run that is killed in here has no such checkpoint, and calls it
        again when it goes on. A run whose ``run.steps`` is lowered to a step that it
        has saved before is at its end already, and does not call it.

        Args:
          variables: of all networks, parameters as the last step left them.
          batches: as for ``before_training``.

        Returns:
          As ``before_training``.
        """
        del variables, batches
        return {}

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
