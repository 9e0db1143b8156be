"""What of SMIRK is timed: pictures to parameters, to meshes, to drawn faces."""

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from face_jax.bench.cases import Case
from face_jax.bench.random_variables import random_variables
from face_jax.cli.form_cases import both_forms
from face_jax.smirk.encoder import CAMERA_SCALE, EncodedFace
from face_jax.smirk.inference import decode, encode, render
from face_jax.smirk.model import Model, make_model
from face_jax.smirk.networks import ENCODERS, Networks, build_networks, modules
from face_jax.smirk.paths import Drawing
from face_jax.smirk.projection import ProjectedFace
from face_jax.types import Array

GROUP = "smirk"
SMALL: dict[str, Any] = {
    "image_size": 32,
    **{name: {"variant": "tiny"} for name in ENCODERS},
}


def smirk_cases(head: str, batches: Sequence[int], small: bool) -> Iterator[Case]:
    """Encoding, posing, and all of it with the drawing.

    Args:
      head: ``procedural`` or a file.
      batches: numbers of pictures at a time.
      small: whether the networks are tiny.

    Raises:
      FileNotFoundError: there is no such head.
      ValueError: the head is none that SMIRK can set.
    """
    models = [random_model(head, small, folded) for folded in (True, False)]
    side = models[0].image_size
    for batch in batches:
        random = np.random.default_rng(batch)
        shape = (batch, side, side, 3)
        images = jax.device_put(random.integers(0, 256, shape, np.uint8))
        faces = encode(models[0], images)
        for name, function, given in (
            ("encode", encode, images),
            ("meshes", decode, faces),
            ("encode and draw", draw, images),
        ):
            label = f"{name}, batch {batch}"
            yield from both_forms(GROUP, label, function, models, given, pictures=batch)


def draw(model: Model, images: Array) -> tuple[EncodedFace, ProjectedFace, Drawing]:
    """Faces of pictures, their meshes and drawings."""
    faces = encode(model, images)
    return faces, decode(model, faces), render(model, faces)


def random_model(head: str, small: bool, folded: bool) -> Model:
    """A model that nobody has trained; all its faces are before the camera.

    Args:
      head: ``procedural`` or a file.
      small: whether the networks are tiny.
      folded: see ``smirk.model.load``.
    """
    networks = build_networks(head=head, **(SMALL if small else {}))
    return make_model(_variables(networks), networks, folded=folded)


def _variables(networks: Networks) -> dict[str, Any]:
    known = modules(networks)
    found = {}
    for name in ENCODERS:
        module, inputs = known[name]
        found[name] = random_variables(module, *inputs)
        # Heads are those of an untrained encoder: faces near the average.
        found[name]["params"]["head"]["kernel"] *= np.float32(0.01)
    camera = found["pose_encoder"]["params"]["head"]["bias"]
    camera[CAMERA_SCALE] = networks.encoders.pose_encoder.camera_scale
    return found
