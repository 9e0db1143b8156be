"""Which pictures and clips a data set of synthetic faces holds, known before drawing."""

import dataclasses
from typing import TypeVar

import numpy as np

from data_pipelines.sources.synthetic_settings import (
    SPLITS,
    SyntheticSettings,
    split_of,
)
from data_pipelines.synth.expressions import CLASSES
from data_pipelines.synth.motion import STYLES
from data_pipelines.synth.occluders import OCCLUDERS

PICTURES_PER_SHARD = 240
"""About as many pictures are lost when generation is killed."""
NO_OCCLUDER = "none"
FREE = "free"
"""In the place of a class: actions put together at random."""
OCCLUDER_NAMES = (NO_OCCLUDER, *OCCLUDERS)
"""Names of the occluder classes, in the order of their numbers."""

Planned = TypeVar("Planned", "ImagePlan", "ClipPlan")


@dataclasses.dataclass(frozen=True)
class ImagePlan:
    """One still picture.

    Attributes:
      number: in the data set.
      identity: number of the person.
      label: the expression, a name in ``CLASSES`` or ``FREE``.
      occluder: a name in ``OCCLUDER_NAMES``.
    """

    number: int
    identity: int
    label: str
    occluder: str


@dataclasses.dataclass(frozen=True)
class ClipPlan:
    """One clip.

    Attributes:
      number: in the data set.
      identity: number of the person.
      style: what the person does, a name in ``STYLES``.
    """

    number: int
    identity: int
    style: str


@dataclasses.dataclass(frozen=True)
class Plan:
    """All pictures and clips by split, persons in order.

    Attributes:
      images: still pictures of each split.
      clips: clips of each split.
    """

    images: dict[str, list[ImagePlan]]
    clips: dict[str, list[ClipPlan]]


def seed_of(seed: int, purpose: str, number: int) -> int:
    """The seed of one thing of a data set, independent of those of all others.

    Args:
      seed: of the data set.
      purpose: what it is for, such as ``person``.
      number: of the thing.

    Returns:
      An integer of 32 bits.
    """
    letters = list(purpose.encode())
    return int(np.random.SeedSequence([seed, number, *letters]).generate_state(1)[0])


def make_plan(settings: SyntheticSettings) -> Plan:
    """Decides on every picture and clip of a data set."""
    images: dict[str, list[ImagePlan]] = {split: [] for split in SPLITS}
    for number in range(settings.images):
        image = _image(settings, number)
        images[split_of(image.identity)].append(image)
    clips: dict[str, list[ClipPlan]] = {split: [] for split in SPLITS}
    for number in range(settings.clips):
        identity = number // settings.clips_per_person
        style = STYLES[::-1][number % len(STYLES)]
        clips[split_of(identity)].append(ClipPlan(number, identity, style))
    return Plan(images, clips)


def divide(planned: list[Planned], pictures_each: int = 1) -> list[list[Planned]]:
    """Divides what a split holds into files.

    Args:
      planned: pictures or clips, in order.
      pictures_each: pictures of each of them.

    Returns:
      Parts of about ``PICTURES_PER_SHARD`` pictures; none for an empty split.
    """
    per_shard = max(1, PICTURES_PER_SHARD // pictures_each)
    return [planned[i : i + per_shard] for i in range(0, len(planned), per_shard)]


def _image(settings: SyntheticSettings, number: int) -> ImagePlan:
    """Every person goes through all classes, beginning with another one."""
    identity, take = divmod(number, settings.images_per_person)
    random = np.random.default_rng(seed_of(settings.seed, "occluder", number))
    occluder = NO_OCCLUDER
    if random.uniform() < settings.occluded:
        occluder = OCCLUDER_NAMES[1 + int(random.integers(len(OCCLUDERS)))]
    label = CLASSES[(take + identity) % len(CLASSES)]
    free = np.random.default_rng(seed_of(settings.seed, "free", number))
    if free.uniform() < settings.free_expressions:
        label = FREE
    return ImagePlan(number, identity, label, occluder)
