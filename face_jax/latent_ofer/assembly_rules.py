"""How holes of feature maps are filled: what is meant, and what published code does.

The attention layers of Latent-OFER (arXiv 2307.11404) and of coherent semantic attention
(arXiv 1905.12384), on which it builds.
"""

import dataclasses
from typing import Literal, get_args

Compat = Literal["fixed", "reference"]
"""``reference`` is what published weights were trained with, ``fixed`` what is meant."""


def check_compat(compat: str) -> None:
    """Refuses an unknown preset.

    Raises:
      ValueError: it is neither ``fixed`` nor ``reference``.
    """
    if compat not in get_args(Compat):
        raise ValueError(
            f"compat: expected one of {list(get_args(Compat))}, got {compat!r}"
        )


@dataclasses.dataclass(frozen=True)
class AssemblyRules:
    """How positions of a hole are filled; the defaults are what is meant.

    Attributes:
      neighbourhood: 3x3 mean that steers the filling: ``mirrored`` of the flipped
        features at the mirrored column, ``own`` of the features around the position,
        ``none`` neither it nor its similarity.
      similarity_of: whether a neighbourhood's similarity is that of the ``position``, or
        of the position whose index is the position's ``ordinal`` in the hole.
      whole: whether the neighbourhood's share is part of the result. Otherwise it only
        steers what follows, and features in the hole shrink.
      clamped: whether negative similarities count as 0.
      gradient: ``autodiff`` of this function; ``attention`` g + W^T g with the shares W
        of the positions in the result; ``reference`` the same with shares truncated to
        whole numbers. The last two give the flipped features none.
    """

    neighbourhood: Literal["mirrored", "own", "none"] = "mirrored"
    similarity_of: Literal["position", "ordinal"] = "position"
    whole: bool = True
    clamped: bool = True
    gradient: Literal["autodiff", "attention", "reference"] = "autodiff"

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name}: expected one of {list(known)}, got {getattr(self, name)}"
                )


_CHOICES = {
    "neighbourhood": ("mirrored", "own", "none"),
    "similarity_of": ("position", "ordinal"),
    "gradient": ("autodiff", "attention", "reference"),
}

RULES: dict[str, AssemblyRules] = {
    "fixed": AssemblyRules(),
    "reference": AssemblyRules("own", "ordinal", False, False, "reference"),
}
"""The rules of both presets."""

COHERENT = AssemblyRules("none", clamped=False, gradient="reference")
"""Coherent semantic attention as its code runs."""
