"""A trained SMIRK model (arXiv 2404.04104) as a value to hand around."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flax.struct

from face_jax.convert.kinds import convert_files
from face_jax.geometry.folded_head import FoldedHead
from face_jax.geometry.head import HeadModel
from face_jax.placement import Rows, place_everywhere
from face_jax.smirk import published
from face_jax.smirk.folding import GENERATOR, fold_directions, fold_networks
from face_jax.smirk.networks import ENCODERS, Networks, build_networks
from face_jax.smirk.paths import Compat
from face_jax.smirk.settings import SmirkSettings
from face_jax.types import Variables

CROP_SCALE = 1.4
"""Side of users' crops over that of the face, of the published model."""


@dataclasses.dataclass(frozen=True)
class Masking:
    """How photographs were hidden in training; fields as in ``SmirkSettings``."""

    mask_ratio: float = SmirkSettings.mask_ratio
    mask_radius: int = SmirkSettings.mask_radius
    hole_radius: int = SmirkSettings.hole_radius
    compat: Compat = SmirkSettings.compat


@flax.struct.dataclass
class Model:
    """A trained model, ready to run; passes through ``jax.jit`` as an argument.

    Attributes:
      variables: of the encoders, and of the generator if there is one, on the device.
      head: the head that the parameters set, on the device.
      networks: the modules; part of a compiled program's identity.
      masking: what the generator expects of masked photographs.
      rows: how pictures are divided over devices; None for the default device.
      crop_scale: side of the crops that the networks see best over that of the face.
      folded_head: the head's directions in one matrix; None where networks and head
        are not folded, see ``load``.
    """

    variables: Variables
    head: HeadModel
    networks: Networks = flax.struct.field(pytree_node=False)
    masking: Masking = flax.struct.field(pytree_node=False, default=Masking())
    rows: Rows = flax.struct.field(pytree_node=False, default=None)
    crop_scale: float = flax.struct.field(pytree_node=False, default=CROP_SCALE)
    folded_head: FoldedHead | None = None

    @property
    def image_size(self) -> int:
        """Side of the pictures that the networks see, pixels."""
        return self.networks.image_size

    @property
    def has_generator(self) -> bool:
        """Whether pictures can be made; not after pretraining alone."""
        return GENERATOR in self.variables


def load(
    path: str | Path,
    step: int | None = None,
    *,
    dtype: str | None = None,
    sharding: Rows = None,
    folded: bool = True,
) -> Model:
    """Loads a model from a work directory of training.

    Args:
      path: the work directory or its checkpoint folder.
      step: training step; None takes the newest intact one.
      dtype: compute type of encoders and generator, such as ``bfloat16``; None for that
        of the training. Parameters and geometry are float32 always.
      sharding: how pictures are divided over devices; calls have a multiple of as many.
      folded: whether networks and head are multiplied out, see ``folding``: the same
        but for rounding, and faster.

    Returns:
      The model, its variables on the default device or on all that see pictures.

    Raises:
      FileNotFoundError: no checkpoint there, or the head it was trained with is gone.
      ValueError: the checkpoint is not one of SMIRK.
    """
    # Orbax takes a second to import.
    from face_jax.train.checkpoints import load_system

    variables, config = load_system(path, "smirk", ENCODERS, step)
    task = config["task"]
    names = [field.name for field in dataclasses.fields(Masking)]
    masking = Masking(**{name: task[name] for name in names if name in task})
    chosen = {} if dtype is None else {"dtype": dtype}
    networks = build_networks(**task["networks"] | chosen)
    model = make_model(variables, networks, masking, sharding, folded=folded)
    return dataclasses.replace(model, crop_scale=_crop_scale(config))


def _crop_scale(config: Mapping[str, Any]) -> float:
    """That of the run's plain crops, where its config tells; runs may leave it open."""
    match config:
        case {"data": {"smirk_item": {"plain_scale": scale}}}:
            return float(scale)
    return CROP_SCALE


def from_published(
    path: str | Path, head: str, *, folded: bool = True, **settings: Any
) -> Model:
    """Takes the published weights.

    Args:
      path: file of SMIRK's state dictionary, of PyTorch or ``.npz``; without a
        generator in it the model has none.
      head: file of FLAME that ``face-jax prepare head`` wrote; the weights speak of
        FLAME 2020's coefficients.
      folded: see ``load``.
      **settings: further keywords of ``build_networks``.

    Returns:
      The model, its variables on the default device.

    Raises:
      FileNotFoundError: a file does not exist.
      ValueError: the weights do not fit, the head has too few coefficients, or it is the
        built-in one.
    """
    chosen = {"head": str(head), **settings}
    found = convert_files(published.kind("smirk"), [Path(path)], {"networks": chosen})
    networks = build_networks(**found.settings["networks"])
    return make_model(found.variables, networks, folded=folded)


def make_model(
    variables: Mapping[str, Any],
    networks: Networks,
    masking: Masking | None = None,
    sharding: Rows = None,
    *,
    folded: bool = False,
) -> Model:
    """A model of given variables.

    Args:
      variables: by network; the encoders at least. Others than these and the generator
        are left out.
      networks: the modules.
      masking: None for the published one.
      sharding: how pictures are divided over devices.
      folded: see ``load``.
    """
    names = (*networks.encoders.names, GENERATOR)
    used = {name: variables[name] for name in names if name in variables}
    folded_head = None
    if folded:
        folded_head = place_everywhere(fold_directions(networks), sharding)
        networks, used = fold_networks(networks, used)
    return Model(
        variables=place_everywhere(used, sharding),
        head=place_everywhere(networks.assets.head, sharding),
        networks=networks,
        masking=masking or Masking(),
        rows=sharding,
        folded_head=folded_head,
    )
