"""Weights that a training run starts from, and those of the teachers.

All of them are the user's own files: PyTorch's or arrays by published name (``.npz``), or the folder
of an earlier run.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import jax

from face_jax.convert.weight_files import open_weights
from face_jax.smirk.convert import backbone_from_timm, from_published, published_names
from face_jax.smirk.networks import BASE, ENCODERS, Networks, modules
from face_jax.train.checkpoints import load_network, load_variables
from face_jax.train.state import check_same_shapes

RANDOM = "random"
"""Instead of a teacher's file: random values, the same ones in every run; to time a
step or to test, not to train."""

_GENERATOR = "smirk_generator"
"""Beginning of the generator's published names."""


def load_teachers(
    networks: Networks, files: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Reads the networks of losses.

    Args:
      networks: the modules, for their shapes.
      files: some of ``vgg16``, ``emotion`` and ``mica``, each with a file of
        published names, the folder of a checkpoint that holds it, or ``"random"``.

    Returns:
      Network to float32 arrays.

    Raises:
      FileNotFoundError: a file does not exist.
      ValueError: its content does not fit.
    """
    loaded: dict[str, dict[str, Any]] = {}
    for name, file in files.items():
        if file == RANDOM:
            loaded[name] = _initial(networks, name)
        elif Path(file).is_dir():
            loaded[name] = load_network(file, name)
        else:
            target = _shapes(networks, (name,))
            with open_weights(Path(file)) as weights:
                loaded |= from_published(weights, target)
    return loaded


def load_start(
    networks: Networks, start: str, wanted: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Reads what an earlier stage of training, or the published weights, end with.

    Args:
      networks: the modules, for their shapes.
      start: the folder of a run, or a file of SMIRK's published names.
      wanted: networks to take where they are there: encoders, ``joint_head``,
        ``generator``, and copies whose names begin with ``base_``.

    Returns:
      Network to float32 arrays; always all encoders that are wanted.

    Raises:
      FileNotFoundError: there is no such run or file.
      ValueError: the content does not fit, or an encoder is missing.
    """
    names = {name.removeprefix(BASE) for name in wanted}
    path = Path(start)
    found = (
        {n: v for n, v in load_variables(path)[0].items() if n in names}
        if path.is_dir()
        else _from_file(networks, path, names)
    )
    missing = sorted((names & set(ENCODERS)) - set(found))
    if missing:
        raise ValueError(f"task.start_from: {path} has no {', '.join(missing)}")
    by_name = {name: name.removeprefix(BASE) for name in wanted}
    return {n: jax.device_get(found[o]) for n, o in by_name.items() if o in found}


def load_backbones(
    networks: Networks, files: Mapping[str, str], wanted: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Encoders with timm's ImageNet weights, and their initial heads.

    Args:
      networks: the modules.
      files: by variant of the MobileNetV3, ``small`` and ``large``: a file of timm's
        names, or the folder that ``face-jax convert`` made of one.
      wanted: encoders.

    Returns:
      Variables of the encoders whose variant has a file.

    Raises:
      FileNotFoundError: a file does not exist.
      ValueError: its content does not fit.
    """
    loaded = {}
    for name in wanted:
        file = files.get(getattr(networks.encoders, name).variant)
        if file is not None:
            variables = _initial(networks, name)
            backbone = {c: tree["backbone"] for c, tree in variables.items()}
            weights = _backbone(Path(file), backbone)
            loaded[name] = {
                collection: {**tree, "backbone": weights[collection]}
                for collection, tree in variables.items()
            }
    return loaded


def _backbone(path: Path, expected: Mapping[str, Any]) -> dict[str, Any]:
    if not path.is_dir():
        with open_weights(path) as stored:
            return backbone_from_timm(stored, expected)
    found = load_network(path, "backbone")
    check_same_shapes(f"{path}", expected, found)
    return found


def _from_file(
    networks: Networks, path: Path, names: Collection[str]
) -> dict[str, dict[str, Any]]:
    with open_weights(path) as stored:
        weights = published_names(stored)
        has_generator = any(name.startswith(f"{_GENERATOR}.") for name in weights)
        with_generator = has_generator and "generator" in names
        wanted = (*ENCODERS, *(["generator"] if with_generator else []))
        ignored = () if with_generator else (_GENERATOR,)
        return from_published(weights, _shapes(networks, wanted), ignored)


def _shapes(networks: Networks, names: Collection[str]) -> dict[str, Any]:
    """Shape structs of networks' variables."""
    table = modules(networks)
    return {
        name: jax.eval_shape(table[name][0].init, jax.random.key(0), *table[name][1])
        for name in names
    }


def _initial(networks: Networks, name: str) -> dict[str, Any]:
    """Initial variables of a network, the same ones in every run; on the host."""
    module, inputs = modules(networks)[name]
    return jax.device_get(jax.jit(module.init)(jax.random.key(0), *inputs))
