"""Published names of the expression networks' and the recogniser's weights.

The trunk is a list of torchvision's layers there, numbered as they are applied: 0 and 1
are the stem, 4 to 7 the stages.
"""

from collections.abc import Mapping
from typing import Any

from face_jax.convert.engine import Entry, Path, batch_norm, conv, dense
from face_jax.types import Params

IGNORED = (r".*\.num_batches_tracked",)
"""Arrays that may be there and have no use: counters of batch norms."""

CLASSIFIER = (*IGNORED, r"fc\..*")
"""The same of a ResNet that was trained as a classifier."""

SEQUENCE = {"stem": "features.0", "stem_norm": "features.1", "stages": "features.{}"}
"""Names of a trunk within an expression network."""

TORCHVISION = {"stem": "conv1", "stem_norm": "bn1", "stages": "layer{}"}
"""Names of a trunk as torchvision has it, and the MS-Celeb-1M weights it starts from."""

FIRST_STAGE = {"features.{}": 4, "layer{}": 1}

SPATIAL = {
    "reduce": "conv1x1",
    "square": "conv_3x3",
    "row": "conv_1x3",
    "column": "conv_3x1",
}
"""Convolutions of the spatial attention by ours and the published names."""

LATENT_LAYERS = (
    ("dense_0", "hh_layer"),
    ("dense_1", "hh_layer2"),
    ("dense_2", "hh_layer3"),
    ("dense_3", "hh_layer4"),
)
LATENT_NORMS = (("norm_1", "hh_batch1"), ("norm_3", "batch_norm1"))


def expression_table(
    variables: Params, network: str, published: str = ""
) -> dict[str, Entry]:
    """Entries of an ``ExpressionNetwork``: DAN, or what judges reconstructions.

    Args:
      variables: arrays or shape structs of the network.
      network: its name among the variables.
      published: what the names begin with, a dot at its end, or empty.
    """
    path = (network, "params")
    branch = variables["params"]["image_branch"]
    table = _image_branch(branch, (*path, "image_branch"))
    table |= dense("fc", (*path, "classifier", "dense"))
    table |= batch_norm("bn", (*path, "classifier", "norm"))
    return {f"{published}{name}": entry for name, entry in table.items()}


def recognizer_table(variables: Params, network: str) -> dict[str, Entry]:
    """Entries of a ``Recognizer`` with the published number of layers, not folded.

    Args:
      variables: arrays or shape structs of the network.
      network: its name among the variables.
    """
    path = (network, "params")
    fusion, latent = (*path, "fusion"), (*path, "latent_branch")
    branch = variables["params"]["image_branch"]
    table = _image_branch(branch, (*path, "image_branch"))
    for ours, theirs in LATENT_LAYERS:
        table |= dense(theirs, (*latent, ours))
    for ours, theirs in LATENT_NORMS:
        table |= batch_norm(theirs, (*latent, ours))
    table |= dense("fc", (*fusion, "fusion_0")) | dense("fc2", (*fusion, "fusion_1"))
    table |= batch_norm("batch_norm", (*fusion, "fusion_norm"))
    table |= dense("fc4", (*fusion, "classifier", "dense"))
    return table | batch_norm("bn", (*fusion, "classifier", "norm"))


def trunk_table(variables: Params, network: str) -> dict[str, Entry]:
    """Entries of a ``BasicResNet`` by torchvision's names.

    Args:
      variables: arrays or shape structs of the network.
      network: its name among the variables.
    """
    return _trunk(variables["params"], (network, "params"), TORCHVISION)


def _trunk(params: Params, path: Path, names: Mapping[str, str]) -> dict[str, Entry]:
    table = conv(names["stem"], (*path, "stem"), bias=False)
    table |= batch_norm(names["stem_norm"], (*path, "stem_norm"))
    first = FIRST_STAGE[names["stages"]]
    for name in (name for name in params if name.startswith("stage_")):
        _, stage, _, number = name.split("_")
        block = f"{names['stages'].format(first + int(stage))}.{number}"
        table |= _basic_block(block, params[name], (*path, name))
    return table


def _basic_block(published: str, params: Params, path: Path) -> dict[str, Entry]:
    layers = [("first", "conv1", "bn1"), ("second", "conv2", "bn2")]
    if "shortcut" in params:
        layers += [("shortcut", "downsample.0", "downsample.1")]
    table: dict[str, Entry] = {}
    for ours, kernel, norm in layers:
        table |= conv(f"{published}.{kernel}", (*path, ours), bias=False)
        table |= batch_norm(f"{published}.{norm}", (*path, f"{ours}_norm"))
    return table


def _image_branch(params: Any, path: Path) -> dict[str, Entry]:
    table = _trunk(params["trunk"], (*path, "trunk"), SEQUENCE)
    for name in (name for name in params if name.startswith("head_")):
        published = f"cat_head{name.removeprefix('head_')}"
        table |= _head(published, (*path, name))
    return table


def _head(published: str, path: Path) -> dict[str, Entry]:
    table: dict[str, Entry] = {}
    for ours, theirs in SPATIAL.items():
        names, place = f"{published}.sa.{theirs}", (*path, "spatial", ours)
        table |= conv(f"{names}.0", place)
        table |= batch_norm(f"{names}.1", (*place[:-1], f"{ours}_norm"))
    channel, names = (*path, "channel"), f"{published}.ca.attention"
    table |= dense(f"{names}.0", (*channel, "reduce"))
    table |= batch_norm(f"{names}.1", (*channel, "reduce_norm"))
    return table | dense(f"{names}.3", (*channel, "expand"))
