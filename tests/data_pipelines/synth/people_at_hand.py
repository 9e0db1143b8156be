"""The built-in head prepared for synthetic people, and some of them, for tests."""

import dataclasses
import functools

import numpy as np

from data_pipelines.synth.assets import HeadAssets, head_assets, neutral_head
from data_pipelines.synth.hair import Locks, grow_locks
from data_pipelines.synth.people import Hair, Person, draw_person
from data_pipelines.synth.support import Support, support_of
from face_jax.geometry.head import HeadModel
from face_jax.heads.library import head

SEED = 7


@functools.cache
def model() -> HeadModel:
    """The built-in head."""
    return head("procedural")


@functools.cache
def prepared() -> HeadAssets:
    """What is made once for it."""
    return head_assets(model())


@functools.cache
def neutral() -> tuple[np.ndarray, np.ndarray]:
    """Vertices and 68 landmarks of the mean person."""
    return neutral_head(model(), (0.0,))


@functools.cache
def ground() -> Support:
    """The mean person's head as a surface."""
    found = prepared()
    return support_of(found.face.unrolling, neutral()[0], found.mesh.whole_skin)


def person(style: str = "long", beard: str = "none", **changes: float) -> Person:
    """A person with a hair style and a beard; ``changes`` are fields of ``Hair``."""
    drawn = draw_person(SEED, model())
    hair = dataclasses.replace(drawn.hair, style=style, beard=beard, **changes)
    return dataclasses.replace(drawn, hair=hair)


def straight(style: str, beard: str = "none") -> Hair:
    """Hair of middling measures without waves."""
    usual = {"length": 1.0, "volume": 1.0, "curl": 0.0, "part": 0.0, "recession": 0.0}
    return person(style, beard, beard_length=0.015, **usual).hair


@functools.cache
def locks(style: str, beard: str = "none") -> Locks:
    """Locks of such hair."""
    return grow_locks(straight(style, beard), SEED, prepared().face, ground())
