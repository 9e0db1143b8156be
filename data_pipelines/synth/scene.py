"""Pictures of synthetic people, with everything that is known about them.

studio = Studio(head, size=128)
pictures = studio.render(persons, parameters, cameras, lights, backgrounds)
"""

import dataclasses
import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from data_pipelines.synth.assets import (
    PersonAssets,
    head_assets,
    person_assets,
)
from data_pipelines.synth.drawing import draw, samples_of
from data_pipelines.synth.lighting import Lights, stack_lights
from data_pipelines.synth.people import Person
from data_pipelines.synth.stage import build_stage
from data_pipelines.synth.viewpoint import Viewpoint
from face_jax.geometry.head import HeadModel, HeadParameters


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Pictures and their truth; all arrays are numpy's, the first axis is the batch.

    Attributes:
      images: uint8 [B, S, S, 3] sRGB.
      labels: uint8 [B, S, S], rows of ``sampling.LABELS``: what a pixel's centre shows.
      face_mask: uint8 [B, S, S], 0 to 255: how much of a pixel shows the face; hair in
        front of it is not the face.
      foreground: uint8 [B, S, S], 0 to 255: how much is not background.
      depth: float32 [B, S, S], z of the projection (away from the viewer, in half
        pictures) at the pixel's centre; infinite in the background.
      landmarks_68: float32 [B, 68, 2] pixels.
      landmarks_105: float32 [B, 105, 2] pixels, or None if the head has none.
      vertices: float32 [B, V, 3] metres, the posed heads in model space.
      projected: float32 [B, V, 3], x right, y down, z away.
    """

    images: np.ndarray
    labels: np.ndarray
    face_mask: np.ndarray
    foreground: np.ndarray
    depth: np.ndarray
    landmarks_68: np.ndarray
    landmarks_105: np.ndarray | None
    vertices: np.ndarray
    projected: np.ndarray


class Studio:
    """Takes pictures of persons who share a head model.

    The skin and hair of the last persons are kept, and one program is compiled for
    every length of batch.
    """

    def __init__(self, head: HeadModel, size: int, persons_kept: int = 64):
        """Prepares the head model; takes seconds.

        Args:
          head: the model.
          size: side S of the square pictures in pixels.
          persons_kept: how many persons' skins and hair are kept, 2 MiB each.

        Raises:
          ValueError: the pictures are smaller than 16 pixels, or the head lacks
            landmarks ``full_68`` or the regions of its eyes.
        """
        if size < 16:
            raise ValueError(f"size: expected at least 16 pixels, got {size}")
        self.head = head
        self.size = size
        self._prepared = head_assets(head)
        self._stage = build_stage(head, self._prepared)
        self._assets = functools.lru_cache(maxsize=persons_kept)(self._make_assets)
        self._cast = functools.lru_cache(maxsize=1)(self._make_cast)
        self._pixel = 2.0 / (Viewpoint(head).scale * size * samples_of(size))
        self._draw = jax.jit(functools.partial(draw, size=size))

    def _make_assets(self, person: Person) -> PersonAssets:
        return person_assets(person, self.head, self._prepared, self._pixel)

    def _make_cast(self, persons: tuple[Person, ...]) -> PersonAssets:
        """Assets of a batch; clips ask for the same one again and again."""
        assets = [self._assets(person) for person in persons]
        return jax.tree.map(lambda *fields: jnp.asarray(np.stack(fields)), *assets)

    def render(
        self,
        persons: Sequence[Person],
        parameters: HeadParameters,
        cameras: np.ndarray,
        lights: Sequence[Lights],
        backgrounds: np.ndarray,
    ) -> Pictures:
        """Takes pictures.

        Args:
          persons: B persons; a clip repeats one of them.
          parameters: expression and pose, fields [B, n]. ``shape_params`` None takes
            the persons' own.
          cameras: float32 [B, 3] (s, tx, ty) of ``project_weak_perspective``.
          lights: B lights.
          backgrounds: uint8 [B, S, S, 3] sRGB.

        Returns:
          The pictures; the same bytes for the same arguments on one machine.

        Raises:
          ValueError: a number of things is not B, or backgrounds have another size.
        """
        self._check(persons, cameras, lights, backgrounds)
        cast = self._cast(tuple(persons))
        if parameters.shape_params is None:
            own = jnp.asarray(cast.shape_params)
            parameters = dataclasses.replace(parameters, shape_params=own)
        drawn = self._draw(
            self.head,
            self._stage,
            cast,
            parameters,
            jnp.asarray(cameras, jnp.float32),
            stack_lights(lights),
            jnp.asarray(backgrounds),
        )
        return Pictures(**jax.tree.map(np.asarray, drawn))

    def _check(
        self,
        persons: Sequence[Person],
        cameras: np.ndarray,
        lights: Sequence[Lights],
        backgrounds: np.ndarray,
    ) -> None:
        count = len(persons)
        expected = {
            "cameras": ((count, 3), np.shape(cameras)),
            "lights": ((count,), (len(lights),)),
            "backgrounds": ((count, self.size, self.size, 3), np.shape(backgrounds)),
        }
        for field, (wanted, got) in expected.items():
            if wanted != got:
                raise ValueError(f"{field}: expected {list(wanted)}, got {list(got)}")
