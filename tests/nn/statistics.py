"""What training does to the stored statistics of batch norms."""

import flax.linen as nn
import jax

from face_jax.nn.batch_norm import apply_with_statistics
from tests.filled import fill


def assert_statistics_move(network: nn.Module, images: jax.Array) -> None:
    """One training step changes the mean and variance of every norm."""
    variables = fill(network, images)
    run = jax.jit(lambda v, x: apply_with_statistics(network, v, x, train=True))
    changed = run(variables, images)[1]["batch_stats"]
    pairs = jax.tree.map(
        lambda a, b: bool((a != b).any()), changed, variables["batch_stats"]
    )
    assert all(jax.tree.leaves(pairs))
