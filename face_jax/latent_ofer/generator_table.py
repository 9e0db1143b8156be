"""Published names of the reconstruction network, its discriminators and their VGG-16.

Every network comes in a file of its own, whose names begin alike.
"""

from collections.abc import Callable

from face_jax.convert.engine import Entry, Path, Table, conv, norm
from face_jax.convert.torchvision import vgg_table
from face_jax.latent_ofer.generator import ASSEMBLY_LEVEL
from face_jax.types import Params


def generator_table(
    variables: Params, network: str, prefix: str = ""
) -> dict[str, Entry]:
    """The conversion table of one network, as many layers as it has.

    Args:
      variables: its arrays or shape structs.
      network: ``generator``, ``image_discriminator``, ``feature_discriminator`` or
        ``vgg16``; the first part of every path.
      prefix: what all its published names begin with.

    Raises:
      ValueError: there is no such network.
    """
    if network not in _TABLES:
        raise ValueError(f"network: expected one of {list(_TABLES)}, got {network}")
    table = _TABLES[network](variables["params"], (network, "params"))
    return {f"{prefix}{name}": entry for name, entry in table.items()}


def _generator(params: Params, root: Path) -> dict[str, Entry]:
    """PyTorch stores a transposed convolution as the one that it transposes, as we do."""
    levels = sum(name.startswith("up_") for name in params)
    table = conv("model.model.0", (*root, "down_0"))
    table |= conv("model.model.3", (*root, "up_0"))
    for level in range(1, levels):
        table |= _level(level, root)
    published, path = _level_name(levels), (*root, "innermost")
    table |= conv(f"{published}.1", (*path, "halve"))
    table |= conv(f"{published}.3", (*path, "double"))
    return table | norm(f"{published}.4", (*path, "double_norm"))


def _level(level: int, root: Path) -> dict[str, Entry]:
    published = _level_name(level)
    down, up = (*root, f"down_{level}"), (*root, f"up_{level}")
    # Where features are assembled, further layers stand before norms.
    down_norm, shift = (7, 3) if level == ASSEMBLY_LEVEL else (5, 0)
    table = conv(f"{published}.1", (*down, "halve"))
    table |= norm(f"{published}.2", (*down, "halve_norm"))
    table |= conv(f"{published}.4", (*down, "conv"))
    table |= norm(f"{published}.{down_norm}", (*root, f"down_{level}_norm"))
    table |= conv(f"{published}.{8 + shift}", (*up, "conv"))
    table |= norm(f"{published}.{9 + shift}", (*up, "conv_norm"))
    table |= conv(f"{published}.{11 + shift}", (*up, "double"))
    return table | norm(f"{published}.{12 + shift}", (*up, "double_norm"))


def _level_name(level: int) -> str:
    """Every level lies within the one above it."""
    name = "model.model.1.model"
    for outer in range(1, level):
        name += ".8.model" if outer == ASSEMBLY_LEVEL else ".6.model"
    return name


def _image_discriminator(params: Params, root: Path) -> dict[str, Entry]:
    table = conv("model.0", (*root, "conv_0"))
    count = sum(name.startswith("conv_") for name in params)
    for index in range(1, count):
        table |= conv(f"model.{3 * index - 1}", (*root, f"conv_{index}"))
        table |= norm(f"model.{3 * index}", (*root, f"norm_{index}"))
    return table | conv(f"model.{3 * count - 1}", (*root, "out"))


def _feature_discriminator(params: Params, root: Path) -> dict[str, Entry]:
    table: dict[str, Entry] = {}
    for index, number in enumerate((0, 2, 5)):
        table |= conv(f"model.{number}", (*root, f"conv_{index}"))
    return table


def _vgg16(params: Params, root: Path) -> dict[str, Entry]:
    """Torchvision's numbers, in one slice for every block."""
    return vgg_table("vgg16", params, root, "slice{block}.{number}")


_TABLES: dict[str, Callable[[Params, Path], Table]] = {
    "generator": _generator,
    "image_discriminator": _image_discriminator,
    "feature_discriminator": _feature_discriminator,
    "vgg16": _vgg16,
}
