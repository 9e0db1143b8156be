"""What a run of several processes computes of its first batches, as arrays to compare.

  python -m tests.processes.first_steps OUT.npz CONFIG[#STAGE][@ITERATION]...

The parameters are the same numbers whatever the processes and devices. Process 0 writes, for
each config: the first global batches, row for row; and of each update of that iteration (0
unless told) its loss and its gradients.
"""

import sys
from pathlib import Path

import jax
import numpy as np

from face_jax.cli.config import load_config
from face_jax.cli.runs import ensure_data, make_trainer
from face_jax.train import distributed, partitioning
from face_jax.train.distributed import from_host, global_batches, to_host
from face_jax.train.state import abstract_state
from face_jax.train.step import update_gradients
from tests.filled import numbers_for

BATCHES = 2


def main(path: Path, cases: list[str]) -> None:
    distributed.initialize()
    found = {}
    for case in cases:
        for name, value in first_steps(case).items():
            found[f"{case}|{name}"] = value
    if distributed.is_main_process():
        np.savez(path, **found)


def first_steps(case: str) -> dict[str, np.ndarray]:
    """Arrays by their names, whole, in every process."""
    place, _, iteration = case.partition("@")
    address, _, stage = place.partition("#")
    config = load_config(address)
    config = config.stages[stage] if stage else config
    with config.unlocked():
        config.run.fsdp_min_bytes = 0
    ensure_data(config)
    trainer = make_trainer(config, Path("nowhere"))
    rows = partitioning.batch_sharding(trainer.mesh)
    stream = global_batches(lambda: trainer.streams.training("train", 0), rows)
    batches = [next(stream) for _ in range(BATCHES)]
    stream.close()
    found = {
        f"batch/{number}/{name}": to_host(array)
        for number, batch in enumerate(batches)
        for name, array in batch.items()
    }
    phase = trainer.task.phase(int(iteration or 0))
    return found | _gradients(trainer, phase, batches[0])


def _gradients(trainer, phase, batch) -> dict[str, np.ndarray]:
    task, mesh = trainer.task, trainer.mesh
    abstract = abstract_state(task, trainer.streams.spec(), False)
    shardings = trainer.shardings_of(abstract)
    state = from_host(_numbers(abstract, task.pretrained()), shardings)
    found, carry = {}, {}
    with jax.set_mesh(mesh):
        for index, update in enumerate(task.updates(phase)):
            # Not the environment's generator, whose numbers depend on the mesh.
            key = jax.random.key(index, impl="threefry2x32")
            run = jax.jit(lambda s, b, k, c, u=update: update_gradients(u, s, b, k, c))
            gradients, loss, aux = run(state, batch, key, carry)
            carry = aux.carry
            found[f"loss/{update.name}"] = to_host(loss)
            for place, leaf in jax.tree_util.tree_leaves_with_path(gradients):
                name = partitioning.slash_path(place)
                found[f"gradient/{update.name}/{name}"] = to_host(leaf)
    return found


def _numbers(abstract, pretrained):
    params, state, frozen = (
        numbers_for(tree, seed)
        for seed, tree in enumerate(
            (abstract.params, abstract.model_state, abstract.frozen)
        )
    )
    whole = {name: tree for name, tree in pretrained.items() if name in frozen}
    zeros = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), abstract)
    return zeros.replace(params=params, model_state=state, frozen={**frozen, **whole})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
