"""Published names of FSRT's weights, network by network.

Left in every line the published name, right the path among the variables.
"""

import functools
from collections.abc import Callable
from typing import Any

from face_jax.convert.engine import (
    Entry,
    Path,
    Table,
    batch_norm,
    conv,
    dense,
    norm,
)
from face_jax.convert.layouts import CONV, POINTWISE, VECTOR
from face_jax.convert.torchvision import vgg_table
from face_jax.types import Params, Variables

PUBLISHED_NETWORKS = {
    "keypoint_detector": "kp_detector",
    "expression_encoder": "expression_encoder",
    "encoder": "encoder",
    "decoder": "decoder",
    "discriminator": "discriminator",
    "vgg19": "vgg19",
}
"""Published name of every network."""


def published_table(variables: Variables) -> Table:
    """The conversion table of some networks, as many layers as they have.

    Args:
      variables: arrays or shape structs by network.

    Raises:
      ValueError: a network is not one of FSRT's.
    """
    table: dict[str, Entry] = {}
    for network, tree in variables.items():
        if network not in _TABLES:
            raise ValueError(f"network: expected one of {list(_TABLES)}, got {network}")
        entries = _TABLES[network](tree["params"], (network, "params"))
        published = PUBLISHED_NETWORKS[network]
        table |= {f"{published}.{name}": entry for name, entry in entries.items()}
    return table


def _keypoint_detector(params: Params, root: Path) -> dict[str, Entry]:
    table = conv("kp", (*root, "head"))
    halves = {"down": "encoder.down_blocks", "up": "decoder.up_blocks"}
    for half, published in halves.items():
        for i in range(_count(params["hourglass"], f"{half}_")):
            block = (*root, "hourglass", f"{half}_{i}")
            table |= conv(f"predictor.{published}.{i}.conv", (*block, "conv"))
            table |= batch_norm(f"predictor.{published}.{i}.norm", (*block, "norm"))
    return table


def _expression_encoder(params: Params, root: Path) -> dict[str, Entry]:
    return {
        "expression.weight": Entry((*root, "kernel"), CONV),
        "expression.bias": Entry((*root, "bias"), VECTOR),
        **_mlp("expression_mlp", params["mlp"], (*root, "mlp")),
    }


def _encoder(params: Params, root: Path) -> dict[str, Entry]:
    table = {
        "per_patch_linear.weight": Entry((*root, "patch_linear", "kernel"), POINTWISE),
        "per_patch_linear.bias": Entry((*root, "patch_linear", "bias"), VECTOR),
    }
    for i in range(_count(params, "patch_") // 2):
        layers = f"conv_blocks.{i}.layers"
        table |= conv(f"{layers}.0", (*root, f"patch_{i}_conv"), bias=False)
        table |= conv(f"{layers}.2", (*root, f"patch_{i}_down"), bias=False)
    for i in range(_count(params, "blocks_")):
        published, block = f"transformer.layers.{i}", (*root, f"blocks_{i}")
        table |= _transformer_block(published, block)
        qkv = (*block, "attention", "qkv")
        table |= dense(f"{published}.0.fn.to_qkv", qkv, bias=False)
    return table


def _decoder(params: Params, root: Path) -> dict[str, Entry]:
    transformer = "allocation_transformer"
    table = dense(f"{transformer}.input_mlp.0", (*root, "input_layer"))
    table |= dense(f"{transformer}.input_mlp.2", (*root, "input_out"))
    for i in range(_count(params, "blocks_")):
        published = f"{transformer}.transformer.layers.{i}"
        block = (*root, f"blocks_{i}")
        table |= _transformer_block(published, block)
        for name in ("q", "kv"):
            path = (*block, "attention", name)
            table |= dense(f"{published}.0.fn.to_{name}", path, bias=False)
    return table | _mlp("render_mlp", params["render"], (*root, "render"))


def _transformer_block(published: str, block: Path) -> dict[str, Entry]:
    """What self- and cross-attention blocks have in common."""
    return {
        **norm(f"{published}.0.norm", (*block, "attention_norm")),
        **dense(f"{published}.0.fn.to_out.0", (*block, "attention", "out")),
        **norm(f"{published}.1.norm", (*block, "mlp_norm")),
        **dense(f"{published}.1.fn.net.0", (*block, "mlp", "hidden")),
        **dense(f"{published}.1.fn.net.3", (*block, "mlp", "out")),
    }


def _mlp(published: str, params: Params, path: Path) -> dict[str, Entry]:
    """Dense layers with activations, which count as layers, between them."""
    table: dict[str, Entry] = {}
    for i in range(_count(params, "dense_")):
        table |= dense(f"{published}.{2 * i}", (*path, f"dense_{i}"))
    return table


def _discriminator(params: Params, root: Path) -> dict[str, Entry]:
    table: dict[str, Entry] = {}
    for scale, layers in params.items():
        published = f"discs.{scale.removeprefix('scale_')}"
        path = (*root, scale)
        table |= conv(f"{published}.conv", (*path, "conv"))
        for name in layers:
            if name != "conv":
                _, i, kind = name.split("_")
                layer = conv if kind == "conv" else norm
                table |= layer(f"{published}.down_blocks.{i}.{kind}", (*path, name))
    return table


_TABLES: dict[str, Callable[[Any, Path], dict[str, Entry]]] = {
    "keypoint_detector": _keypoint_detector,
    "expression_encoder": _expression_encoder,
    "encoder": _encoder,
    "decoder": _decoder,
    "discriminator": _discriminator,
    "vgg19": functools.partial(vgg_table, "vgg19"),
}


def _count(params: Params, prefix: str) -> int:
    """Number of modules named ``<prefix><number>...``."""
    rest = (name.removeprefix(prefix) for name in params if name.startswith(prefix))
    return sum(name[0].isdigit() for name in rest)
