"""Steps of one phase of SMIRK's training, on any mesh."""

import jax
import numpy as np

from face_jax.train import partitioning
from face_jax.train.distributed import to_global
from face_jax.train.state import abstract_state, create_state
from face_jax.train.step import StepOptions, compile_step, update_gradients
from face_jax.train.task import Phase


def one_device():
    return partitioning.make_mesh(1, 1, 1, devices=jax.devices()[:1])


def start(task, batch, mesh):
    """State, batch and shardings on a mesh; one initial state whatever the mesh."""
    spec = {n: jax.ShapeDtypeStruct(v.shape, v.dtype) for n, v in batch.items()}
    abstract = abstract_state(task, spec, False)
    alone, placed = (
        partitioning.place(abstract, m, task.partition_rules(), 0).shardings
        for m in (one_device(), mesh)
    )
    # This generator compiles ten times faster than the default one.
    key = jax.random.key(0, impl="unsafe_rbg")
    state = jax.device_put(create_state(task, key, spec, False, alone), placed)
    rows = partitioning.batch_sharding(mesh)
    return state, to_global(batch, rows), placed, rows


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
    state = vivid(state)
    found, statistics, carry = {}, {}, {}
    with jax.set_mesh(mesh):
        for index, update in enumerate(task.updates(Phase(step=phase))):
            key = jax.random.fold_in(jax.random.key(7), index)
            run = jax.jit(lambda s, b, k, c, u=update: update_gradients(u, s, b, k, c))
            found[update.name], _, aux = run(state, batch, key, carry)
            statistics[update.name], carry = aux.model_state, aux.carry
    return jax.device_get((found, statistics))


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
