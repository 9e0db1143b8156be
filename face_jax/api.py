"""``face_jax.load``: a trained or converted model of any system, by its folder.

>>> import face_jax
>>> face_jax.load("runs/smirk").image_size
32
"""

import importlib
from pathlib import Path
from typing import Any

SYSTEMS = ("fsrt", "smirk")
"""Systems whose models are one checkpoint."""

PIPELINE, LAST_STAGE = "latent_ofer", "recognizer"
"""A system whose stages have a folder each, and the last of them."""


def load(path: str | Path, **options: Any) -> Any:
    """Loads a model; which system it is of is read from the folder.

    Args:
      path: work directory of ``face-jax train``, or folder of ``face-jax convert``.
      **options: of the system's own ``load``: ``dtype`` and ``sharding``, ``step`` for
        FSRT and SMIRK, ``method`` for Latent-OFER; ``folded=False`` for SMIRK and
        Latent-OFER as they were trained, see their ``folding``.

    Returns:
      ``fsrt.model.Model``, ``smirk.model.Model`` or ``latent_ofer.model.Model``: an
      immutable value with its variables on the default device, for the functions of
      ``fsrt.inference``, ``smirk.inference`` and ``latent_ofer.model``.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: none is intact, or it is of a system that has no model: a stage of
        Latent-OFER by itself, or networks that only losses need.
    """
    model = importlib.import_module(f"face_jax.{system_of(path)}.model")
    return model.load(Path(path), **options)


def system_of(path: str | Path) -> str:
    """Whose model a folder holds: ``fsrt``, ``smirk`` or ``latent_ofer``.

    Args:
      path: as for ``load``.

    Raises:
      FileNotFoundError: there is no checkpoint.
      ValueError: as for ``load``.
    """
    folder = Path(path)
    if (folder / LAST_STAGE).is_dir():
        return PIPELINE
    # Orbax takes a second to import.
    from face_jax.train.checkpoints import stored_config

    system = stored_config(folder)["system"]
    # What `fsrt.distillation` makes is a model of fsrt.
    family = system.partition(".")[0]
    if family not in SYSTEMS:
        raise ValueError(
            f"{folder}: expected a model of {', '.join(SYSTEMS)}, or the folder of a "
            f"pipeline; got a checkpoint of {system!r} by itself"
        )
    return family
