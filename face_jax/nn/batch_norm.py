"""Batch norm with the conventions of published networks, and running it.

PyTorch writes the share of the new statistics as its momentum, Flax that of the old
ones: 0.1 there is 0.9 here. PyTorch stores n / (n - 1) times the variance of a batch of
n values per channel, Flax the variance itself; the output of a training step is the
same.

Networks with a field ``folded`` take parameters whose norms ``folding`` has multiplied
into the layers before them: these layers have biases then, and no norm follows them.
"""

from collections.abc import Collection, Mapping
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from face_jax.nn.layers import NORM_EPSILON

MOMENTUM = 0.9
"""Share of the stored statistics that one training step keeps."""


def batch_norm(
    train: bool = False,
    epsilon: float = NORM_EPSILON,
    dtype: Any = jnp.float32,
    name: str | None = None,
) -> nn.BatchNorm:
    """Batch norm over all axes but the last; statistics in float32.

    Args:
      train: normalise by the statistics of the batch and move the stored ones towards
        them; otherwise normalise by the stored ones. The batch is the global one,
        however it is spread over devices.
      epsilon: added to the variance.
      dtype: type of the result.
      name: of the module.

    Returns:
      The module; the stored statistics are its collection ``batch_stats``.
    """
    return nn.BatchNorm(
        use_running_average=not train,
        momentum=MOMENTUM,
        epsilon=epsilon,
        use_fast_variance=False,
        dtype=dtype,
        name=name,
    )


def check_folded(folded: bool, train: bool) -> None:
    """Refuses to train a network without its norms.

    Raises:
      ValueError: it is so.
    """
    if folded and train:
        raise ValueError("folded: expected False in training, got True")


def apply_with_statistics(
    module: nn.Module,
    variables: Mapping[str, Any],
    *inputs: Any,
    train: bool,
    sown: Collection[str] = (),
) -> tuple[Any, Mapping[str, Any]]:
    """Runs a module whose ``__call__`` takes ``train``.

    Args:
      module: the module.
      variables: its variable dictionary.
      *inputs: of its ``__call__``.
      train: whether its batch norms use and follow the batch.
      sown: collections that it sows and that are wanted.

    Returns:
      The result, and the collections that changed: ``sown``, and ``batch_stats`` in
      training.
    """
    mutable = ["batch_stats", *sown] if train else list(sown)
    if not mutable:
        return module.apply(variables, *inputs), {}
    return module.apply(variables, *inputs, train=train, mutable=mutable)
