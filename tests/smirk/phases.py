"""Steps of one phase of SMIRK's training, on any mesh."""

import jax
import numpy as np

from face_jax.train import partitioning
from face_jax.train.step import StepOptions, compile_step
from face_jax.train.task import Phase
from tests.train.on_mesh import first_gradients, start


def steps(task, batch, mesh, phase, count=1):
    """The state before and after some steps of a phase, on the host; their metrics."""
    state, batch, placed, rows = start(task, batch, mesh)
    before, found = jax.device_get(state), []
    with jax.set_mesh(mesh):
        step = compile_step(
            task,
            Phase(step=phase),
            StepOptions(),
            placed,
            rows,
            partitioning.replicated(mesh),
        )
        for _ in range(count):
            state, metrics = step(state, batch, jax.random.key(7))
            found.append(jax.device_get(metrics))
    return before, jax.device_get(state), found


def vivid(state):
    """A state whose generator makes pictures of more than one grey.

    Encoders norm what they see, and would see nothing but rounding.
    """
    if "generator" not in state.params:
        return state
    generator = dict(state.params["generator"])
    generator["out"] = jax.tree.map(lambda leaf: 30 * leaf, generator["out"])
    return state.replace(params={**state.params, "generator": generator})


def gradients(task, batch, mesh, phase):
    """Gradients and batch statistics of all updates, each of the state before them."""
    state, batch, *_ = start(task, batch, mesh)
    with jax.set_mesh(mesh):
        return first_gradients(task, vivid(state), batch, phase)


def changed(before, after):
    """Names whose trees differ."""
    return {
        name
        for name in before
        if any(
            np.any(one != other)
            for one, other in zip(
                jax.tree.leaves(before[name]), jax.tree.leaves(after[name]), strict=True
            )
        )
    }
