"""A trained FSRT model and an identity encoded by it, as values to hand around."""

from pathlib import Path

import flax.struct

from face_jax.fsrt.motion import Motion
from face_jax.fsrt.networks import Networks, build_networks
from face_jax.placement import Rows, place_everywhere
from face_jax.types import PyTree, Variables

USED_NETWORKS = ("keypoint_detector", "expression_encoder", "encoder", "decoder")


@flax.struct.dataclass
class Model:
    """A trained model, ready to run; passes through ``jax.jit`` as an argument.

    Attributes:
      variables: weights by network name, on the device.
      networks: the modules; part of a compiled program's identity.
      rows: how frames are divided over devices; None for the default device.
    """

    variables: Variables
    networks: Networks = flax.struct.field(pytree_node=False)
    rows: Rows = flax.struct.field(pytree_node=False, default=None)

    @property
    def image_size(self) -> int:
        """Side of the pictures that the networks see, pixels."""
        return self.networks.image_size


@flax.struct.dataclass
class Scene:
    """One identity, encoded.

    Attributes:
      memory: the decoder's projections (keys and values of every block) of one set
        latent over all sources.
      sources: keypoints [S, K, 2] and expression [S, E] of the source pictures, on
        the host.
    """

    memory: PyTree
    sources: Motion


def load(
    path: str | Path,
    step: int | None = None,
    *,
    dtype: str | None = None,
    sharding: Rows = None,
) -> Model:
    """Loads a model from a work directory of training.

    Args:
      path: the work directory or its checkpoint folder.
      step: training step; None takes the newest intact one.
      dtype: compute type of encoder and decoder, such as ``bfloat16``; None for that of
        the training. Parameters are float32 always.
      sharding: how frames are divided over devices; chunks have a multiple of as many.

    Returns:
      The model, its variables on the default device or on all that see frames.

    Raises:
      FileNotFoundError: no checkpoint there.
      ValueError: the checkpoint is not one of FSRT.
    """
    # Orbax takes a second to import.
    from face_jax.train.checkpoints import load_system

    variables, config = load_system(path, "fsrt", USED_NETWORKS, step)
    used = {name: variables[name] for name in USED_NETWORKS}
    chosen = {} if dtype is None else {"dtype": dtype}
    return Model(
        variables=place_everywhere(used, sharding),
        networks=build_networks(**config["task"]["networks"] | chosen),
        rows=sharding,
    )
