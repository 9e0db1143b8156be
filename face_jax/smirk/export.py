"""SMIRK (arXiv 2404.04104) as programs: encode, decode, render, make photographs."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from face_jax.export.program import Exportable, Program, flat, like, pictures, rows
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.inference import (
    decode,
    draw_choices,
    encode,
    render,
    resynthesise,
)
from face_jax.smirk.model import Model
from face_jax.types import Array, PyTree

ARRAYS = ("variables", "head", "folded_head")
"""Fields of a model that are a program's weights."""


def exportable(model: Model, batches: Sequence[int] = (1, 8)) -> Exportable:
    """The programs of a model; pictures have its own size and are cut out already.

    ``encode`` and ``decode`` take any number of rows. The renderer plans its work for a
    number of them: ``render_N`` and, where the model has a generator,
    ``resynthesise_N`` take N rows.

    Args:
      model: the model; its head becomes part of the weights.
      batches: numbers of rows of the programs that draw.
    """
    side, (count,) = model.image_size, rows("b")
    seen = {"images": pictures(count, side)}
    faces = jax.eval_shape(lambda given: encode(model, given["images"]), seen)
    programs = {
        "encode": Program(
            _on(model, lambda model, given: encode(model, given["images"])),
            seen,
            "parameters and cameras of faces",
        ),
        "decode": Program(
            _on(model, lambda model, given: decode(model, like(faces, given))),
            flat(faces),
            "meshes and landmarks of faces",
        ),
    }
    for number in batches:
        of_faces = _with_rows(flat(faces), number)
        programs[f"render_{number}"] = Program(
            _on(model, lambda model, given: render(model, like(faces, given))),
            of_faces,
            "the generator's drawings of faces",
        )
        if model.has_generator:
            programs[f"resynthesise_{number}"] = Program(
                _on(model, _resynthesised(faces, number)),
                {"images": pictures(number, side), **of_faces},
                "photographs made again from faces",
            )
    notes = {"head": model.head.name, "licence of the head": model.head.licence}
    weights = {name: getattr(model, name) for name in ARRAYS}
    return Exportable("smirk", weights, programs, notes)


def _on(
    model: Model, function: Callable[[Model, Mapping[str, Array]], PyTree]
) -> Callable[[PyTree, Mapping[str, Array]], dict[str, Array]]:
    """A function of a model as one of its arrays; results are flat."""

    def of_arrays(weights: PyTree, given: Mapping[str, Array]) -> dict[str, Array]:
        known = dataclasses.replace(model, **{name: weights[name] for name in ARRAYS})
        return flat(function(known, given))

    return of_arrays


def _resynthesised(faces: EncodedFace, number: int) -> Callable:
    def run(model: Model, given: Mapping[str, Array]) -> PyTree:
        draws = draw_choices(model, number)
        parameters = like(faces, given)
        return resynthesise(model, given["images"], parameters, draws=draws)

    return run


def _with_rows(shapes: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {
        name: jax.ShapeDtypeStruct((number, *each.shape[1:]), each.dtype)
        for name, each in shapes.items()
    }
