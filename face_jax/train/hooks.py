"""A task's hooks: what it computes from data before the first and after the last step."""

import contextlib
import logging
from collections.abc import Callable, Collection, Generator, Iterator

from face_jax.train.state import TrainState, replace_variables
from face_jax.train.task import Batches
from face_jax.types import Batch, Variables

log = logging.getLogger("face_jax")

Hook = Callable[[Variables, Batches], Variables]
"""``Task.before_training`` or ``Task.after_training`` of a task."""


def run_hook(
    hook: Hook,
    state: TrainState,
    shardings: TrainState,
    open_batches: Callable[[], Generator[Batch, None, None]],
    teachers: Collection[str] = (),
) -> TrainState:
    """Calls a hook and puts what it returns into the state.

    Args:
      hook: the hook.
      state: the state that it sees.
      shardings: a sharding for every leaf of the state.
      open_batches: opens the training stream; streams are closed after the hook.
      teachers: networks that checkpoints leave out.

    Returns:
      The state with the hook's variables.

    Raises:
      ValueError: the hook changes a network that it may not change, or a shape.
    """
    with contextlib.ExitStack() as opened:

        def batches() -> Iterator[Batch]:
            return opened.enter_context(contextlib.closing(open_batches()))

        changes = hook(state.variables(), batches)
    name = hook.__qualname__
    if lost := sorted(set(changes) & set(teachers)):
        raise ValueError(
            f"{name}: {', '.join(lost)} is a teacher; no checkpoint would keep the change"
        )
    if changes:
        log.info("%s: %s set", name, ", ".join(changes))
    return replace_variables(state, changes, shardings, name)
