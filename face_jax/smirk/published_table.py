"""Published names of SMIRK's weights, network by network.

Left in every line the published name, right the path among the variables. Batch norms
of the published networks are numbered in the order in which they are applied.
"""

import functools
from collections.abc import Callable
from typing import Any

from face_jax.convert.engine import Entry, Path, Table, batch_norm, conv, dense
from face_jax.convert.layouts import (
    CONV,
    POINTWISE,
    TRANSPOSED_CONV,
    VECTOR,
    flattened_map,
)
from face_jax.convert.torchvision import vgg_table
from face_jax.types import Params, Variables


def published_table(variables: Variables) -> Table:
    """The conversion table of some networks, as many layers as they have.

    Args:
      variables: arrays or shape structs by network.

    Raises:
      ValueError: a network is not one of SMIRK's.
    """
    table: dict[str, Entry] = {}
    for network, tree in variables.items():
        if network not in _TABLES:
            raise ValueError(f"network: expected one of {list(_TABLES)}, got {network}")
        table |= _TABLES[network](tree["params"], (network, "params"))
    return table


def mobilenet_v3(published: str, params: Params, path: Path) -> dict[str, Entry]:
    """Entries of a MobileNetV3, by timm's names.

    Args:
      published: what the names begin with, a dot at its end, or empty.
      params: parameters of the network.
      path: of the network.
    """
    blocks = sorted(name for name in params if name.startswith("stage_"))
    table = conv(f"{published}conv_stem", (*path, "stem"), bias=False)
    table |= batch_norm(f"{published}bn1", (*path, "stem_norm"))
    for name in blocks:
        _, stage, _, number = name.split("_")
        block = f"{published}blocks.{stage}.{number}"
        table |= _separable_block(block, params[name], (*path, name))
    last = f"{published}blocks.{1 + max(int(name.split('_')[1]) for name in blocks)}.0"
    table |= _pointwise(f"{last}.conv", (*path, "last"))
    return table | batch_norm(f"{last}.bn1", (*path, "last_norm"))


def _separable_block(published: str, params: Params, path: Path) -> dict[str, Entry]:
    expands = "expand" in params
    layers = [("conv_pw", "expand")] if expands else []
    layers += [("conv_dw", "depthwise")]
    layers += [("conv_pwl" if expands else "conv_pw", "project")]
    table: dict[str, Entry] = {}
    for number, (theirs, ours) in enumerate(layers, start=1):
        layer = _depthwise if ours == "depthwise" else _pointwise
        table |= layer(f"{published}.{theirs}", (*path, ours))
        table |= batch_norm(f"{published}.bn{number}", (*path, f"{ours}_norm"))
    return table


def _encoder(head: str) -> Callable[[Params, Path], dict[str, Entry]]:
    """Tables of an encoder whose last layer goes by a published name."""

    def table(params: Params, root: Path) -> dict[str, Entry]:
        published = f"smirk_encoder.{root[0]}"
        backbone = (*root, "backbone")
        entries = mobilenet_v3(f"{published}.encoder.", params["backbone"], backbone)
        return entries | dense(f"{published}.{head}.0", (*root, "head"))

    return table


def _generator(params: Params, root: Path) -> dict[str, Entry]:
    published = "smirk_generator"
    levels = _count(params, "encoder_")
    table = _conv_block(f"{published}.bottleneck", "bottleneck", (*root, "bottleneck"))
    for level in range(levels):
        number = level + 1
        for half, short in (("encoder", "enc"), ("decoder", "dec")):
            path = (*root, f"{half}_{level}")
            names = f"{published}.{half}{number}"
            table |= _conv_block(names, f"{short}{number}", path)
        upconv, path = f"{published}.upconv{number}", (*root, f"up_{level}")
        table[f"{upconv}.weight"] = Entry((*path, "kernel"), TRANSPOSED_CONV)
        table[f"{upconv}.bias"] = Entry((*path, "bias"), VECTOR)
    for index in range(_count(params, "residual_")):
        block, path = f"{published}.resnet_blocks.{index}", (*root, f"residual_{index}")
        # Borders and activations count too, in the published list of layers.
        for layer, number in enumerate((1, 5)):
            names = f"{block}.conv_block"
            table |= conv(f"{names}.{number}", (*path, f"conv_{layer}"), bias=False)
            table |= batch_norm(f"{names}.{number + 1}", (*path, f"norm_{layer}"))
    return table | conv(f"{published}.conv", (*root, "out"))


def _conv_block(published: str, prefix: str, path: Path) -> dict[str, Entry]:
    table: dict[str, Entry] = {}
    for index in range(2):
        names = f"{published}.{prefix}"
        table |= conv(f"{names}conv{index + 1}", (*path, f"conv_{index}"), bias=False)
        table |= batch_norm(f"{names}norm{index + 1}", (*path, f"norm_{index}"))
    return table


def _emotion(params: Params, root: Path) -> dict[str, Entry]:
    table = conv("backbone.conv1", (*root, "stem"), bias=False)
    table |= batch_norm("backbone.bn1", (*root, "stem_norm"))
    layers = ("reduce", "spatial", "expand")
    for name in _blocks(params):
        block, path = _residual_name("backbone", name), (*root, name)
        for number, layer in enumerate(layers, start=1):
            table |= conv(f"{block}.conv{number}", (*path, layer), bias=False)
            table |= batch_norm(f"{block}.bn{number}", (*path, f"{layer}_norm"))
        if "shortcut" in params[name]:
            table |= _shortcut(block, path)
    return table


def _mica(params: Params, root: Path) -> dict[str, Entry]:
    table = _identity(params["identity"], (*root, "identity"))
    for index in range(_count(params, "mapping_")):
        path = (*root, f"mapping_{index}")
        table |= dense(f"regressor.network.{index}", path)
    return table | dense("regressor.output", (*root, "out"))


def _identity(params: Params, root: Path) -> dict[str, Entry]:
    table = conv("arcface.conv1", (*root, "stem"), bias=False)
    table |= batch_norm("arcface.bn1", (*root, "stem_norm"))
    table |= _slope("arcface.prelu", (*root, "stem_activation"))
    for name in _blocks(params):
        block, path = _residual_name("arcface", name), (*root, name)
        table |= batch_norm(f"{block}.bn1", (*path, "input_norm"))
        table |= conv(f"{block}.conv1", (*path, "first"), bias=False)
        table |= batch_norm(f"{block}.bn2", (*path, "first_norm"))
        table |= _slope(f"{block}.prelu", (*path, "activation"))
        table |= conv(f"{block}.conv2", (*path, "second"), bias=False)
        table |= batch_norm(f"{block}.bn3", (*path, "second_norm"))
        if "shortcut" in params[name]:
            table |= _shortcut(block, path)
    table |= batch_norm("arcface.bn2", (*root, "last_norm"))
    table |= _embedding(params, (*root, "embedding"))
    return table | batch_norm("arcface.features", (*root, "embedding_norm"))


def _embedding(params: Params, path: Path) -> dict[str, Entry]:
    """The layer after the square map, whose channels the last norm counts."""
    channels = params["last_norm"]["scale"].shape[0]
    side = round((params["embedding"]["kernel"].shape[0] / channels) ** 0.5)
    layout = flattened_map(channels, side, side)
    return {
        "arcface.fc.weight": Entry((*path, "kernel"), layout),
        "arcface.fc.bias": Entry((*path, "bias"), VECTOR),
    }


_TABLES: dict[str, Callable[[Any, Path], dict[str, Entry]]] = {
    "pose_encoder": _encoder("pose_cam_layers"),
    "shape_encoder": _encoder("shape_layers"),
    "expression_encoder": _encoder("expression_layers"),
    "generator": _generator,
    "emotion": _emotion,
    "mica": _mica,
    "vgg16": functools.partial(vgg_table, "vgg16"),
}


def _depthwise(published: str, path: Path) -> dict[str, Entry]:
    return {f"{published}.weight": Entry((*path, "kernel"), CONV)}


def _pointwise(published: str, path: Path) -> dict[str, Entry]:
    return {f"{published}.weight": Entry((*path, "kernel"), POINTWISE)}


def _slope(published: str, path: Path) -> dict[str, Entry]:
    return {f"{published}.weight": Entry((*path, "slope"), VECTOR)}


def _shortcut(published: str, path: Path) -> dict[str, Entry]:
    table = conv(f"{published}.downsample.0", (*path, "shortcut"), bias=False)
    return table | batch_norm(f"{published}.downsample.1", (*path, "shortcut_norm"))


def _blocks(params: Params) -> list[str]:
    """Names of the residual blocks, in any order."""
    return [name for name in params if name.startswith("stage_")]


def _residual_name(published: str, name: str) -> str:
    """``stage_<s>_block_<b>`` as torchvision and ArcFace name it."""
    _, stage, _, number = name.split("_")
    return f"{published}.layer{int(stage) + 1}.{number}"


def _count(params: Params, prefix: str) -> int:
    """Number of modules named ``<prefix><number>``."""
    return sum(name.startswith(prefix) for name in params)
