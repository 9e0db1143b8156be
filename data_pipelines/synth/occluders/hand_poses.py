"""Ways in which people hold a hand to their face."""

import dataclasses

import numpy as np

from data_pipelines.synth.occluders.frame import Scene, similarity
from data_pipelines.synth.occluders.hand_shape import Grip


@dataclasses.dataclass(frozen=True)
class HandPose:
    """A hand at a face. ``Outside`` is where the forearm comes from: left or right.

    Attributes:
      anchor: [2] point of the hand that is put on the face, in the frame of the hand.
      target: [2] where it is put, in the frame of the face: x outwards in distances
        between the eyes from their middle, y down to 1.05 at the mouth.
      angle: degrees by which the fingers lean from straight up towards the inside.
      curl: of the four fingers, see ``Grip``.
      spread: see ``Grip``.
      thumb: see ``Grip``, degrees.
    """

    anchor: tuple[float, float]
    target: tuple[float, float]
    angle: float
    curl: tuple[float, float, float, float] = (0.08, 0.08, 0.1, 0.12)
    spread: float = 0.8
    thumb: float = 35.0

    def grip(self, random: np.random.Generator) -> Grip:
        """The grip with the small differences of each time."""
        curl = np.clip(self.curl + 0.05 * random.standard_normal(4), 0, 1)
        return Grip(
            curl=tuple(curl.tolist()),
            spread=self.spread * float(random.uniform(0.7, 1.3)),
            thumb=float(np.radians(self.thumb + 5 * random.standard_normal())),
        )

    def transform(
        self, scene: Scene, side: float, random: np.random.Generator
    ) -> np.ndarray:
        """Where the hand goes.

        Args:
          scene: the face.
          side: 1 if the forearm comes from the right of the picture, -1 from the left.
          random: what small differences are drawn from.

        Returns:
          [2, 3] from the frame of a hand that comes from the right to pixels.
        """
        scale = scene.unit * random.uniform(0.92, 1.08)
        plane = scene.face_plane()
        target = np.array([side * self.target[0], self.target[1]])
        target = target + 0.06 * random.standard_normal(2)
        goal = plane[:, :2] @ target + plane[:, 2]
        roll = np.arctan2(scene.down[1], scene.down[0]) - np.pi / 2
        angle = roll - side * np.radians(self.angle + 6 * random.standard_normal())
        turned = similarity(np.zeros(2), angle, scale)
        anchor = np.array([side * self.anchor[0], self.anchor[1]])
        turned[:, 2] = goal - turned[:, :2] @ anchor
        return turned


POSES = {
    "mouth": HandPose((0.0, -0.9), (0.0, 1.1), 58, spread=0.5, thumb=18),
    "cheek": HandPose((-0.1, -0.3), (0.72, 1.05), -4, thumb=30),
    "cheek_fist": HandPose(
        (-0.05, -0.9), (0.62, 1.0), 16, (0.85, 0.9, 0.92, 0.9), 0.5, 12
    ),
    "chin": HandPose((-0.05, -1.05), (0.1, 1.5), 10, (0.75, 0.85, 0.9, 0.9), 0.5, 20),
    "thinking": HandPose(
        (-0.4, -0.75), (0.38, 1.3), -4, (0.02, 0.85, 0.9, 0.9), 0.6, 30
    ),
    "hush": HandPose((-0.5, -1.15), (0.0, 1.05), 8, (0.0, 0.9, 0.95, 0.95), 0.3, 20),
    "eye": HandPose((-0.05, -0.85), (0.5, 0.05), 18, spread=0.6, thumb=30),
    "palm": HandPose((0.0, -0.6), (0.0, 0.35), 14, spread=1.1, thumb=45),
    "forehead": HandPose((0.0, -1.0), (0.15, -0.35), 66, spread=0.7, thumb=25),
    "wave": HandPose((0.0, -0.2), (0.75, 0.7), 4, spread=1.9, thumb=60),
}
"""By what they touch; ``wave`` is a spread hand before half of the face."""
