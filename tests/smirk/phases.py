"""Gradients of one phase of SMIRK's training, on any mesh."""

import jax

from tests.train.on_mesh import first_gradients, start


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
