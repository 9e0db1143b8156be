"""Torchvision's names of backbones that several systems look through."""

from face_jax.convert.engine import Entry, Path, batch_norm, conv
from face_jax.nn.alexnet import CONVOLUTIONS
from face_jax.nn.vgg import Variant, torchvision_index
from face_jax.types import Params


def alexnet_table(root: Path) -> dict[str, Entry]:
    """Entries of ``nn.alexnet.AlexNetFeatures``, below ``root`` among the variables."""
    table: dict[str, Entry] = {}
    for index, layer in enumerate(CONVOLUTIONS, start=1):
        table |= conv(f"features.{layer.number}", (*root, f"conv{index}"))
    return table


def vgg_table(
    variant: Variant, params: Params, root: Path, published: str = "features.{number}"
) -> dict[str, Entry]:
    """Entries of a VGG's convolutions, as many as there are.

    Args:
      variant: which VGG.
      params: arrays or shape structs by the names of ``nn.vgg.VggFeatures``.
      root: where they are among the variables.
      published: name of a convolution, with ``{number}``, its place in torchvision's
        list, and ``{block}``, the block it belongs to.
    """
    table: dict[str, Entry] = {}
    for name in params:
        block, index = map(int, name.removeprefix("conv").split("_"))
        number = torchvision_index(variant, block, index)
        table |= conv(published.format(block=block, number=number), (*root, name))
    return table


def inception_table(
    params: Params, root: Path, published: str = ""
) -> dict[str, Entry]:
    """Entries of ``nn.inception_v3.InceptionV3``, which has torchvision's names.

    Args:
      params: arrays or shape structs by its names.
      root: where they are among the variables.
      published: what begins the names of all entries.
    """
    if "conv" in params:
        layer = conv(f"{published}conv", (*root, "conv"), bias=False)
        return layer | batch_norm(f"{published}bn", (*root, "bn"))
    table: dict[str, Entry] = {}
    for name, inner in params.items():
        table |= inception_table(inner, (*root, name), f"{published}{name}.")
    return table
