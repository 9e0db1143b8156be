"""What processes of some devices each restore of a run, as arrays to compare.

  python -m tests.processes.restored OUT.npz CONFIG WORKDIR

Process 0 writes every array of the state, optimizers' and statistics included.
"""

import sys
from pathlib import Path

import jax
import numpy as np

from face_jax.cli.config import load_config
from face_jax.cli.runs import make_trainer
from face_jax.train import distributed, partitioning
from face_jax.train.checkpoints import Checkpoints
from face_jax.train.distributed import to_host
from face_jax.train.state import abstract_state


def main(path: Path, address: str, workdir: Path) -> None:
    distributed.initialize()
    config = load_config(address)
    config.run.fsdp_min_bytes = 0
    config.mesh.update({"data": 1, "fsdp": -1})
    trainer = make_trainer(config, workdir)
    abstract = abstract_state(trainer.task, trainer.streams.spec(), False)
    shardings = trainer.shardings_of(abstract)
    checkpoints = Checkpoints(workdir, trainer.config)
    state = checkpoints.restore_newest(abstract, shardings, {})
    split = sum(
        not leaf.sharding.is_fully_replicated for leaf in jax.tree.leaves(state)
    )
    found = {
        partitioning.slash_path(place): to_host(leaf)
        for place, leaf in jax.tree_util.tree_leaves_with_path(state)
    }
    checkpoints.close()
    if distributed.is_main_process():
        np.savez(path, split=split, **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
