"""First steps of any task on any mesh, from one initial state."""

import jax
import numpy as np

from face_jax.train import partitioning
from face_jax.train.distributed import to_global
from face_jax.train.state import abstract_state, create_state
from face_jax.train.step import StepOptions, compile_step, update_gradients
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


def assert_near(found, reference, share, nothing=0.0):
    """Tensor by tensor, by the norm of the difference.

    Those that are in both a share of ``nothing`` of the largest at most are not compared.
    """
    norms = [np.linalg.norm(leaf) for leaf in jax.tree.leaves(reference)]
    largest = max(norms, default=0.0)
    for (path, ours), theirs in zip(
        jax.tree_util.tree_leaves_with_path(found),
        jax.tree.leaves(reference),
        strict=True,
    ):
        # Biases before a batch norm have gradient 0, and scales before a ReLU and one
        # nearly so: what is left are differences of sums as large as the others.
        if max(map(np.linalg.norm, (ours, theirs))) <= nothing * largest:
            continue
        norm = max(np.linalg.norm(theirs), 1e-3 * largest)
        apart = np.linalg.norm(ours - theirs) / norm
        assert apart <= share, f"{partitioning.slash_path(path)}: {apart:.1e}"
