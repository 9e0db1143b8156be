"""A head of 68 points and a studio that needs no renderer, for tests of records."""

import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np

from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth.actions import ACTIONS
from data_pipelines.synth.generate import generate
from face_jax.geometry.head import HeadModel, HeadParameters, LandmarkEmbedding
from tests.data_pipelines.synth.plain_face import plain_face

SETTINGS = SyntheticSettings(
    images=42, clips=12, num_frames=9, size=32, images_per_person=3, clips_per_person=1
)


def plain_head() -> HeadModel:
    """The landmarks of a face as vertices, in metres."""
    flat = (plain_face(1) - [0.5, 0.5]) * [0.24, -0.24]
    vertices = np.concatenate([flat, np.zeros((68, 1))], axis=1)
    corners = jnp.arange(68)[:, None] * jnp.ones((1, 3), jnp.int32)
    return HeadModel(
        template=jnp.asarray(vertices, jnp.float32),
        faces=corners,
        identity_basis=jnp.zeros((68, 3, 4)),
        expression_basis=jnp.zeros((68, 3, len(ACTIONS))),
        landmarks={
            "full_68": LandmarkEmbedding(
                jnp.arange(68), jnp.full((68, 3), 1 / 3, jnp.float32)
            )
        },
        expression_names=ACTIONS,
        name="plain",
    )


class PlainStudio:
    """Renders the background with a bright square, and landmarks in its middle.

    Args:
      size: side of the pictures.
      killed_at: number of the batch at which the process is killed.
    """

    def __init__(self, size: int, killed_at: int | None = None):
        self.size, self.killed_at, self.batches = size, killed_at, 0

    def render(
        self,
        persons: list,
        parameters: HeadParameters,
        cameras: np.ndarray,
        lights: list,
        backgrounds: np.ndarray,
    ) -> SimpleNamespace:
        """Fields of pictures as the scene's studio gives them."""
        if self.batches == self.killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.batches += 1
        images = backgrounds.copy()
        middle = slice(self.size // 4, 3 * self.size // 4)
        tone = np.array([person.skin.melanin for person in persons])
        images[:, middle, middle] = (255 * (1 - tone)).astype(np.uint8)[
            :, None, None, None
        ]
        mask = np.zeros(images.shape[:3], np.uint8)
        mask[:, middle, middle] = 255
        points = plain_face(self.size) + cameras[:, None, 1:] * self.size
        return SimpleNamespace(
            images=images,
            face_mask=mask,
            landmarks_68=points.astype(np.float32),
            landmarks_105=None,
        )


def equip(settings: SyntheticSettings) -> tuple[HeadModel, PlainStudio]:
    """Head and studio of a worker."""
    return plain_head(), PlainStudio(settings.size)


def equip_with_a_killer(settings: SyntheticSettings) -> tuple[HeadModel, PlainStudio]:
    """The same, but the second batch kills the worker."""
    return plain_head(), PlainStudio(settings.size, killed_at=1)


def equip_badly(settings: SyntheticSettings) -> tuple[HeadModel, PlainStudio]:
    """Finds no head."""
    raise ValueError(f"{settings.head}: no such head")


def run(folder: Path, killed_at: int | None = None) -> list[int]:
    """Generates the data set of ``SETTINGS``; returns what progress was told."""
    told: list[int] = []
    studio = PlainStudio(SETTINGS.size, killed_at)
    generate(folder, SETTINGS, plain_head(), studio, told.append)
    return told


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
