"""Published files by the name that users call them: where ``face-jax convert`` looks."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from face_jax.convert.kinds import Kind

MODULES = {
    "face_jax.fsrt.published": ("fsrt", "vgg19"),
    "face_jax.smirk.published": (
        "smirk",
        "mica",
        "emotion",
        "vgg16",
        "mobilenet_v3_small",
        "mobilenet_v3_large",
    ),
    "face_jax.metrics.published": ("lpips_alex", "lpips_vgg16", "inception"),
    "face_jax.latent_ofer.published": (
        "mae",
        "dan",
        "expression",
        "recognizer",
        "refinement",
        "ms_celeb",
    ),
}
"""Modules with the kinds that they know; a module is imported when one is asked for."""

KINDS = tuple(name for names in MODULES.values() for name in names)


def published_kind(name: str) -> "Kind":
    """A kind of files by its name.

    Raises:
      ValueError: there is no such kind.
    """
    for module, names in MODULES.items():
        if name in names:
            return importlib.import_module(module).kind(name)
    raise ValueError(f"kind of files: expected one of {', '.join(KINDS)}, got {name!r}")


def kinds_of_system(system: str) -> list[str]:
    """Names of all kinds that become checkpoints of a system, the first is meant.

    Trainings that are named after one, such as ``fsrt.distillation``, make the same.
    """
    known = {name: published_kind(name).system for name in KINDS}
    return [name for name, kind in known.items() if f"{system}.".startswith(f"{kind}.")]
