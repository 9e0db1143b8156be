"""Pictures of synthetic faces together with everything that is true of them."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from data_pipelines.synth.lighting import Lights
from data_pipelines.synth.occluders import composite, describe_scene, draw_occluder
from data_pipelines.synth.plan import NO_OCCLUDER
from data_pipelines.synth.rig import Rig
from data_pipelines.synth.shots import Shot
from face_jax.geometry.head import HeadParameters

_OF_THE_SHOT = (
    "camera",
    "rotation",
    "gaze",
    "label",
    "occluder",
    "identity",
    "number",
    "frame",
)
"""Fields that a sample has from its shot."""


@dataclasses.dataclass(frozen=True)
class SyntheticSample:
    """One picture with its truth.

    Attributes:
      image: uint8 RGB [S, S, 3], with the occluder if there is one.
      clean_image: uint8 RGB [S, S, 3] without it.
      face_mask: uint8 [S, S], coverage of the face, hair in front left out.
      occluder_mask: uint8 [S, S], alpha of the occluder with its shadow: ``image`` is
        a * occluder + (1 - a) * ``clean_image`` with a = ``occluder_mask`` / 255.
      parameters: float32 vectors of ``HeadParameters`` by name, those that the head
        has: ``shape_params``, ``expression_params``, ``pose_params`` and so on.
      camera: float32 [3] (s, tx, ty), weak perspective.
      landmarks_68: float32 [68, 2] pixels, (0, 0) is the centre of the first one.
      landmarks_105: float32 [105, 2] pixels, or None for a head without them.
      rotation: float32 [3] radians: yaw to the subject's left, pitch up, roll to the
        subject's left shoulder; ``pose_params`` in other words.
      gaze: float32 [2] radians relative to the head: yaw, pitch.
      label: number of the expression in ``CLASSES``, or -1.
      occluder: name of the occluder, or ``none``.
      identity: number of the person.
      number: of the still picture, or of the clip.
      frame: number in the clip; 0 for a still picture.
    """

    image: np.ndarray
    clean_image: np.ndarray
    face_mask: np.ndarray
    occluder_mask: np.ndarray
    parameters: dict[str, np.ndarray]
    camera: np.ndarray
    landmarks_68: np.ndarray
    landmarks_105: np.ndarray | None
    rotation: np.ndarray
    gaze: np.ndarray
    label: int
    occluder: str
    identity: int
    number: int
    frame: int


@dataclasses.dataclass(frozen=True)
class Rendered:
    """The rendered part of a sample; the fields are those of ``SyntheticSample``."""

    clean_image: np.ndarray
    face_mask: np.ndarray
    landmarks_68: np.ndarray
    landmarks_105: np.ndarray | None
    parameters: dict[str, np.ndarray]


def render(studio: Any, rig: Rig, shots: Sequence[Shot], batch: int) -> list[Rendered]:
    """Renders shots, always a whole batch, so that one program serves them all.

    Args:
      studio: the ``scene.Studio`` of the head.
      rig: of the same head.
      shots: one to ``batch`` of them.
      batch: pictures that are rendered at a time.

    Returns:
      What was rendered of each shot.
    """
    full = [*shots, *[shots[-1]] * (batch - len(shots))]
    parameters = _parameters(rig, full)
    pictures = studio.render(
        [shot.person for shot in full],
        parameters,
        np.stack([shot.camera for shot in full]),
        [shot.lights for shot in full],
        np.stack([shot.background for shot in full]),
    )
    vectors = {
        field.name: np.asarray(getattr(parameters, field.name))
        for field in dataclasses.fields(HeadParameters)
        if getattr(parameters, field.name) is not None
    }
    points = pictures.landmarks_105
    return [
        Rendered(
            clean_image=pictures.images[row],
            face_mask=pictures.face_mask[row],
            landmarks_68=pictures.landmarks_68[row],
            landmarks_105=None if points is None else points[row],
            parameters={name: values[row] for name, values in vectors.items()},
        )
        for row in range(len(shots))
    ]


def finish(shot: Shot, rendered: Rendered) -> SyntheticSample:
    """Adds the occluder to a rendered picture; numpy alone, for any thread.

    Args:
      shot: what was rendered.
      rendered: the result.
    """
    clean = rendered.clean_image
    image, alpha = clean, np.zeros(clean.shape[:2], np.uint8)
    if shot.occluder != NO_OCCLUDER:
        random = np.random.default_rng(shot.seed)
        scene = describe_scene(clean, rendered.landmarks_68, *_light(shot.lights))
        occluder = draw_occluder(shot.occluder, scene, random)
        image, alpha = composite(clean, occluder), occluder[..., 3]
    return SyntheticSample(
        image=image,
        occluder_mask=alpha,
        **{field: getattr(shot, field) for field in _OF_THE_SHOT},
        **{
            field.name: getattr(rendered, field.name)
            for field in dataclasses.fields(rendered)
        },
    )


def _parameters(rig: Rig, shots: Sequence[Shot]) -> HeadParameters:
    posed = rig.parameters(
        np.stack([shot.weights for shot in shots]),
        np.stack([shot.gaze for shot in shots]),
        np.stack([shot.rotation for shot in shots]),
    )
    shapes = np.array([shot.person.shape_params for shot in shots], np.float32)
    return dataclasses.replace(posed, shape_params=jnp.asarray(shapes))


def _light(lights: Lights) -> tuple[np.ndarray, np.ndarray]:
    """Direction to the main lamp in the picture, and the colour of something white."""
    left, up, ahead = lights.directions[0]
    # A lamp behind the head would leave things in front of it black.
    direction = np.array([left, -up, max(float(ahead), 0.25)])
    white = lights.colours[0] + lights.sky
    tint = white / white.mean() * lights.tint
    return direction, np.clip(tint / tint.mean(), 0.6, 1.6)
