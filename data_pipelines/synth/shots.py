"""What is put in front of the camera: drawn shot by shot, before anything is rendered."""

import dataclasses
from typing import Any

import numpy as np

from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth.backgrounds import draw_background
from data_pipelines.synth.expressions import CLASSES, draw_expression
from data_pipelines.synth.lighting import Lights, draw_lights
from data_pipelines.synth.motion import Motion, draw_motion
from data_pipelines.synth.people import Person, draw_person
from data_pipelines.synth.plan import FREE, NO_OCCLUDER, ClipPlan, ImagePlan, seed_of
from data_pipelines.synth.rig import Rig
from data_pipelines.synth.special_expressions import draw_free
from data_pipelines.synth.viewpoint import Viewpoint
from face_jax.geometry.head import HeadModel

STILL_TURNS = np.radians([16.0, 8.0, 6.0])
"""Standard deviations of yaw, pitch and roll of the head in still pictures."""
STILL_SHIFT = 0.008
"""Standard deviation of the face's place in still pictures, metres."""
CAMERA_FOLLOWS = 0.5
"""How much the camera follows turns of the head in clips."""
ONE_LOOK, ONE_LIGHT = 25, 3
"""The seed of the person that all look like, and the number of the light they are in."""


@dataclasses.dataclass(frozen=True)
class Shot:
    """What is in front of the camera, before it is rendered.

    Attributes:
      person: who.
      weights: float32 [NUM_ACTIONS] facial actions.
      gaze: float32 [2] radians relative to the head: yaw to the subject's left, pitch up.
      rotation: float32 [3] radians: yaw, pitch, and roll to the subject's left shoulder.
      camera: float32 [3] (s, tx, ty), weak perspective.
      lights: the light.
      background: uint8 RGB [S, S, 3].
      label: number of the expression, -1 for none of the classes.
      occluder: name of the occluder.
      identity: number of the person.
      number: of the still picture or clip.
      frame: in the clip.
      seed: what the occluder is drawn from.
    """

    person: Person
    weights: np.ndarray
    gaze: np.ndarray
    rotation: np.ndarray
    camera: np.ndarray
    lights: Lights
    background: np.ndarray
    label: int
    occluder: str
    identity: int
    number: int
    frame: int
    seed: int


class Director:
    """Draws shots of a data set: every choice follows from the seed and a number.

    Attributes:
      rig: sets the head model of all persons.
      settings: of the data set.
    """

    def __init__(self, settings: SyntheticSettings, head: HeadModel):
        """Prepares for the head that the settings name.

        Raises:
          ValueError: the head cannot show facial actions.
        """
        self.rig, self.settings = Rig(head), settings
        self._look = draw_person(ONE_LOOK, head) if settings.one_look else None
        self._viewpoint = Viewpoint(head)
        self._people: dict[int, Person] = {}

    def image(self, planned: ImagePlan) -> Shot:
        """The shot of a still picture."""
        random = np.random.default_rng(self._seed("image", planned.number))
        free = planned.label == FREE
        expression = (
            draw_free(random) if free else draw_expression(planned.label, random)
        )
        turn = STILL_TURNS * np.clip(random.standard_normal(3), -2.3, 2.3)
        shift = STILL_SHIFT * np.clip(random.standard_normal(2), -2, 2)
        zoom = np.exp(0.08 * np.clip(random.standard_normal(1), -2, 2))
        camera = self._viewpoint.cameras(turn[None], shift[None], zoom)[0]
        return Shot(
            person=self.person(planned.identity),
            weights=expression.weights,
            gaze=expression.gaze,
            rotation=turn.astype(np.float32),
            camera=camera,
            lights=self._lights("image", planned.number),
            background=self._background("image", planned.number),
            label=-1 if free else CLASSES.index(planned.label),
            occluder=planned.occluder,
            identity=planned.identity,
            number=planned.number,
            frame=0,
            seed=self._seed("occluder shape", planned.number),
        )

    def clip(self, planned: ClipPlan, num_frames: int) -> list[Shot]:
        """The shots of a clip, under one light."""
        seed = self._seed("clip", planned.number)
        frame_rate = self.settings.frame_rate
        motion = draw_motion(num_frames, seed, planned.style, frame_rate)
        cameras = self._viewpoint.cameras(
            motion.rotation, motion.shift, motion.zoom, CAMERA_FOLLOWS
        )
        common = {
            "person": self.person(planned.identity),
            "lights": self._lights("clip", planned.number),
            "background": self._background("clip", planned.number),
            "occluder": NO_OCCLUDER,
            "identity": planned.identity,
            "number": planned.number,
            "seed": seed,
        }
        return [_frame(motion, cameras, frame, common) for frame in range(num_frames)]

    def person(self, identity: int) -> Person:
        """A person of the data set by number."""
        if identity not in self._people:
            seed = self._seed("person", identity)
            person = draw_person(seed, self.rig.head)
            if self._look is not None:
                shape = person.shape_params
                person = dataclasses.replace(self._look, shape_params=shape)
            self._people[identity] = person
        return self._people[identity]

    def _lights(self, kind: str, number: int) -> Lights:
        shown = ONE_LIGHT if self.settings.one_look else number
        return draw_lights(self._seed(f"{kind} light", shown))

    def _background(self, kind: str, number: int) -> np.ndarray:
        return draw_background(
            self._seed(f"{kind} background", number), self.settings.size
        )

    def _seed(self, purpose: str, number: int) -> int:
        return seed_of(self.settings.seed, purpose, number)


def _frame(
    motion: Motion, cameras: np.ndarray, frame: int, common: dict[str, Any]
) -> Shot:
    return Shot(
        weights=motion.weights[frame],
        gaze=motion.gaze[frame],
        rotation=motion.rotation[frame],
        camera=cameras[frame],
        label=int(motion.labels[frame]),
        frame=frame,
        **common,
    )
