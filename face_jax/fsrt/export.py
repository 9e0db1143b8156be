"""FSRT (arXiv 2404.09736) as programs: encode sources, describe frames, decode."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from face_jax.export.program import Exportable, Program, flat, like, pictures, rows
from face_jax.fsrt.decoding import decode_tiles
from face_jax.fsrt.inference import describe_pictures, encode_pictures
from face_jax.fsrt.model import Model
from face_jax.fsrt.motion import Motion
from face_jax.fsrt.pictures import prepare
from face_jax.types import Array, PyTree

PIXELS_PER_TILE = 256
"""Query pixels of every frame that are decoded at a time."""


def exportable(model: Model) -> Exportable:
    """The programs of a model; pictures have its own size and are cut out already.

    ``encode`` takes the S pictures of one identity, ``describe`` B driving frames, and
    ``decode`` what both found. Motion is transferred between them as the user likes; in
    the published way it is taken as it is.

    Args:
      model: the model.
    """

    def model_of(weights: PyTree) -> Model:
        return dataclasses.replace(model, variables=weights["variables"])

    def encode(weights: PyTree, given: Mapping[str, Array]) -> dict[str, Array]:
        return flat(_encoded(model_of(weights), given))

    def describe(weights: PyTree, given: Mapping[str, Array]) -> dict[str, Array]:
        points = given.get("landmark_keypoints")
        return flat(describe_pictures(model_of(weights), given["frames"], points))

    (sources, count), side = rows("s", "b"), model.image_size
    encoded = jax.eval_shape(
        lambda given: _encoded(model, given), _pictures(model, "sources", sources)
    )
    memory = {"memory": encoded["memory"]}

    def decode(weights: PyTree, given: Mapping[str, Array]) -> dict[str, Array]:
        motion = Motion(given["keypoints"], given["expression"])
        needed = like(memory, given)["memory"]
        settings = {"size": (side, side), "pixels": PIXELS_PER_TILE}
        found = decode_tiles(model_of(weights), needed, motion, **settings)
        return {"frames": found}

    moved = {
        name: jax.ShapeDtypeStruct((count, *encoded[name].shape[1:]), np.float32)
        for name in ("keypoints", "expression")
    }
    return Exportable(
        system="fsrt",
        weights={"variables": model.variables},
        programs={
            "encode": Program(
                encode,
                _pictures(model, "sources", *rows("s")),
                "what to know of one identity",
            ),
            "describe": Program(
                describe,
                _pictures(model, "frames", *rows("b")),
                "motion of driving frames",
            ),
            "decode": Program(
                decode, {**flat(memory), **moved}, "the identity in that motion"
            ),
        },
    )


def _encoded(model: Model, given: Mapping[str, Array]) -> dict[str, Any]:
    images = prepare(given["sources"], model.image_size)
    points = given.get("landmark_keypoints")
    memory, motion = encode_pictures(model, images, points)
    described = {"keypoints": motion.keypoints, "expression": motion.expression}
    return {"memory": memory, **described}


def _pictures(model: Model, name: str, count: Any) -> dict[str, jax.ShapeDtypeStruct]:
    given = {name: pictures(count, model.image_size)}
    if model.networks.keypoints == "landmarks":
        shape = (count, model.networks.keypoint_detector.num_keypoints, 2)
        given["landmark_keypoints"] = jax.ShapeDtypeStruct(shape, np.float32)
    return given
