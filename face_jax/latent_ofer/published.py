"""Published files of Latent-OFER (arXiv 2307.11404) and of what it starts from.

Every file holds one network, and some names mean another array in another network: what
a file holds is told by the names that it has.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from face_jax.convert.engine import Table, entry_of
from face_jax.convert.kinds import Kind, Settings
from face_jax.latent_ofer.expression_task import ExpressionTask
from face_jax.latent_ofer.generator_table import generator_table
from face_jax.latent_ofer.mae_table import masked_autoencoder_table
from face_jax.latent_ofer.mae_task import MaeTask
from face_jax.latent_ofer.recognizer_table import (
    CLASSIFIER,
    IGNORED,
    expression_table,
    recognizer_table,
    trunk_table,
)
from face_jax.latent_ofer.recognizer_task import RecognizerTask
from face_jax.latent_ofer.refinement_task import RefinementTask
from face_jax.nn.basic_resnet import BasicResNet
from face_jax.types import Variables

TableOf = Callable[[Variables, str], Table]
"""(variables of one network, its name) -> table of its published names."""

NOT_STATED = "none are stated"

FILES = {
    "generator": "net_G",
    "image_discriminator": "net_D",
    "feature_discriminator": "net_F",
}
"""Ends of the published names of files by network."""


class Stage(NamedTuple):
    """Files of the network that a stage trains.

    Attributes:
      title: see ``Kind``, as of all but the following.
      terms: of their use.
      settings: of the task.
      task: class of the stage's task.
      network: its name among the variables.
      table: of published names.
      entry: in a file, that holds the network.
    """

    title: str
    terms: str
    settings: tuple[Settings, ...]
    task: Callable[..., Any]
    network: str
    table: TableOf
    entry: tuple[str, ...] = ()


STAGES = {
    "mae": Stage(
        "masked autoencoders of ImageNet, base or large",
        "CC BY-NC 4.0",
        ({"size": "base"}, {"size": "large"}),
        MaeTask,
        "autoencoder",
        masked_autoencoder_table,
        ("model",),
    ),
    "dan": Stage(
        "DAN, which recognises expressions",
        NOT_STATED,
        ({"network": {"order": "spatial_first"}},),
        ExpressionTask,
        "expression",
        expression_table,
    ),
    "expression": Stage(
        "Latent-OFER's judge of expressions",
        NOT_STATED,
        ({"network": {"order": "channel_first"}},),
        ExpressionTask,
        "expression",
        expression_table,
    ),
    "recognizer": Stage(
        "Latent-OFER's recogniser",
        NOT_STATED,
        ({},),
        RecognizerTask,
        "recognizer",
        recognizer_table,
    ),
}


def kind(name: str) -> Kind:
    """A kind of ``face_jax.published`` by its name."""
    if name == "refinement":
        return _refinement()
    if name == "ms_celeb":
        return _trunk()
    return _single(name)


def _single(name: str) -> Kind:
    """Files of one network."""
    stage = STAGES[name]
    tables = {stage.network: stage.table}
    return Kind(
        title=stage.title,
        system=f"latent_ofer.{stage.network}",
        terms=stage.terms,
        settings=stage.settings,
        shapes=functools.partial(_shapes_of_task, stage.task, (stage.network,)),
        required=(stage.network,),
        names=functools.partial(_names, tables),
        table=functools.partial(_joined, tables),
        place=lambda published: (name, *stage.entry, published.partition(".")[2]),
        ignored=IGNORED,
    )


def _refinement() -> Kind:
    tables = dict.fromkeys(FILES, generator_table)
    return Kind(
        title="Latent-OFER's refinement: net_G, and the discriminators net_D, net_F",
        system="latent_ofer.refinement",
        terms=NOT_STATED,
        settings=({"compat": "reference"},),
        shapes=functools.partial(_shapes_of_task, RefinementTask, tuple(FILES)),
        required=("generator",),
        optional=("image_discriminator", "feature_discriminator"),
        names=functools.partial(_names, tables),
        table=functools.partial(_joined, tables),
        place=_place_of_refinement,
    )


def _trunk() -> Kind:
    tables = {"trunk": trunk_table}
    return Kind(
        title="ResNet-18 of MS-Celeb-1M, which recognisers start from",
        system="weights",
        terms=NOT_STATED,
        settings=({},),
        shapes=_shapes_of_trunk,
        required=("trunk",),
        names=functools.partial(_names, tables),
        table=functools.partial(_joined, tables),
        place=lambda name: ("ms_celeb", "state_dict", name.partition(".")[2]),
        ignored=tuple(rf"trunk\.{pattern}" for pattern in CLASSIFIER),
    )


def _place_of_refinement(name: str) -> tuple[str, ...]:
    network, _, rest = name.partition(".")
    return (FILES[network], rest)


def _shapes_of_task(
    task_class: Callable[..., Any], networks: tuple[str, ...], settings: Settings
) -> Variables:
    """As the task initialises its networks, on a batch of one picture."""
    task = task_class(**settings)
    batch = {"image": jnp.zeros((1, *(_side(task),) * 2, 3), jnp.uint8)}
    if isinstance(task, RecognizerTask):
        batch["tokens"] = jnp.zeros((1, 1 + task.grid**2, task.token_width))
    found = jax.eval_shape(task.init, jax.random.key(0), batch)
    return {name: found[name] for name in networks}


def _side(task: Any) -> int:
    """Of the pictures that a task is given, pixels."""
    if isinstance(task, RefinementTask):
        return task.refinement.autoencoder.image_size
    return task.module.image_size if isinstance(task, MaeTask) else task.side


def _shapes_of_trunk(settings: Settings) -> Variables:
    del settings
    image = jnp.zeros((1, 64, 64, 3))
    return {"trunk": jax.eval_shape(BasicResNet().init, jax.random.key(0), image)}


def _names(
    tables: Mapping[str, TableOf], weights: Mapping[str, Any], shapes: Variables
) -> dict[str, Any]:
    """With the network in front whose names differ least from a file's."""
    entries, differing = {}, {}
    for network, table_of in tables.items():
        table = table_of(shapes[network], network)
        entries[network] = entry_of(weights, table)
        differing[network] = len(entries[network].keys() ^ table.keys())
    network = min(differing, key=lambda name: differing[name])
    return {f"{network}.{name}": array for name, array in entries[network].items()}


def _joined(tables: Mapping[str, TableOf], variables: Variables) -> Table:
    """One table of several networks, by names with the network in front."""
    return {
        f"{network}.{name}": entry
        for network, tree in variables.items()
        for name, entry in tables[network](tree, network).items()
    }
