"""Latent-OFER (arXiv 2307.11404) as one program: detect, reconstruct, recognise."""

import dataclasses
from collections.abc import Mapping

from face_jax.export.program import Exportable, Program, flat, pictures, rows
from face_jax.latent_ofer.model import Model, classify
from face_jax.types import Array, PyTree


def exportable(model: Model) -> Exportable:
    """The program ``classify`` of a model, for any number of pictures.

    Args:
      model: the model; pictures have the size that patches are cut from.
    """

    def run(weights: PyTree, given: Mapping[str, Array]) -> dict[str, Array]:
        return flat(
            classify(dataclasses.replace(model, variables=weights), given["images"])
        )

    (count,) = rows("b")
    images = pictures(count, model.pipeline.image_size)
    program = Program(run, {"images": images}, "expressions, and what covers the faces")
    notes = {"classes": list(model.classes)}
    return Exportable("latent_ofer", model.variables, {"classify": program}, notes)
