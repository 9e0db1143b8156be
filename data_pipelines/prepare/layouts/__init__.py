"""Layouts in which data sets are distributed: each is a function of the root folder."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from data_pipelines.expression_names import EXPRESSIONS
from data_pipelines.prepare.entries import Listing

LayoutFunction = Callable[[Path], Listing]


class LayoutName(NamedTuple):
    """Where a layout is, and what it is of.

    Attributes:
      module: of this package, with a function ``list_entries``.
      title: what messages and helps call it.
      labels: expressions that its files show, in the order of their numbers; none where
        it has no labels.
    """

    module: str
    title: str
    labels: tuple[str, ...] = ()


SEVEN = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
"""In RAF-DB's order."""

LAYOUTS = {
    "videos": LayoutName("videos", "any folder of clips"),
    "voxceleb": LayoutName("voxceleb", "VoxCeleb, cut into clips of faces"),
    "lrs": LayoutName("lrs", "LRS2 or LRS3"),
    "mead": LayoutName("mead", "MEAD", EXPRESSIONS),
    "ffhq": LayoutName("ffhq", "FFHQ"),
    "celeba": LayoutName("celeba", "CelebA"),
    "raf_db": LayoutName("raf_db", "RAF-DB, basic expressions", SEVEN),
    "affectnet": LayoutName("affectnet", "AffectNet", EXPRESSIONS),
    "kdef": LayoutName(
        "kdef",
        "KDEF",
        ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
    ),
    "fed_ro": LayoutName("fed_ro", "FED-RO", SEVEN),
}
"""By the words of ``face-jax prepare``."""


def find_layout(name: str) -> LayoutFunction:
    """The function of a layout.

    Raises:
      ValueError: there is no such layout.
    """
    if name not in LAYOUTS:
        raise ValueError(f"layout: expected one of {', '.join(LAYOUTS)}, got {name!r}")
    module = importlib.import_module(f"{__name__}.{LAYOUTS[name].module}")
    return module.list_entries
