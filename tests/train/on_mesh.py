"""First steps of any task on any mesh, from one initial state."""

import jax

from face_jax.train import partitioning
from face_jax.train.distributed import to_global
from face_jax.train.state import abstract_state, create_state
from face_jax.train.step import update_gradients
from face_jax.train.task import Phase


def one_device():
    return partitioning.make_mesh(1, 1, 1, devices=jax.devices()[:1])


def spec_of(batch):
    return {n: jax.ShapeDtypeStruct(v.shape, v.dtype) for n, v in batch.items()}


def start(task, batch, mesh, seed=0):
    """State, batch and shardings on a mesh; one initial state whatever the mesh."""
    spec = spec_of(batch)
    abstract = abstract_state(task, spec, False)
    alone, placed = (
        partitioning.place(abstract, m, task.partition_rules(), 0).shardings
        for m in (one_device(), mesh)
    )
    # This generator compiles ten times faster than the default one.
    key = jax.random.key(seed, impl="unsafe_rbg")
    state = jax.device_put(create_state(task, key, spec, False, alone), placed)
    rows = partitioning.batch_sharding(mesh)
    return state, to_global(batch, rows), placed, rows


def first_gradients(task, state, batch, phase):
    """Gradients and changed statistics of all updates, each of the given state."""
    gradients, statistics, carry = {}, {}, {}
    for index, update in enumerate(task.updates(Phase(step=phase))):
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(7), 0), index)
        run = jax.jit(lambda s, b, k, c, u=update: update_gradients(u, s, b, k, c))
        gradients[update.name], _, aux = run(state, batch, key, carry)
        statistics[update.name], carry = aux.model_state, aux.carry
    return jax.device_get((gradients, statistics))
