"""What of a training picture's changes is drawn with its item and left to the device."""

from collections.abc import Mapping

import numpy as np

from data_pipelines.items.base import ArraySpec, ElementSpec, Item
from data_pipelines.transforms.erasing import Rectangle, erased_array
from data_pipelines.transforms.latent_item import LatentAugmentation
from data_pipelines.transforms.latent_ofer_item import (
    UNCHANGED,
    LatentOferAugmentation,
)
from data_pipelines.transforms.smirk_colors import ColorChanges, level_arrays


def device_changes(
    augmentation: LatentAugmentation | LatentOferAugmentation,
    colors: ColorChanges = UNCHANGED.colors,
    erased: Rectangle | None = None,
) -> Item:
    """The draws of Latent-OFER's items as arrays.

    Args:
      augmentation: which of them there are at all, whatever was drawn: items of a stream
        have the same arrays.
      colors: of the picture.
      erased: what of the picture is erased.

    Returns:
      Those of ``level_arrays`` if colours may change, and ``erased`` int32 [4], first row
      and column and how many of each, if something may be erased.
    """
    item = level_arrays(colors) if augmentation.color_changes else {}
    if augmentation.erasing_probability:
        item["erased"] = erased_array(erased)
    return item


def spec_of(item: Mapping[str, np.ndarray]) -> ElementSpec:
    """Shapes and types of arrays."""
    return {name: ArraySpec(array.shape, array.dtype) for name, array in item.items()}
