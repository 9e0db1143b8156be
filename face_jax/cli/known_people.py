"""Synthetic people as subjects of an evaluation: rendered in each other's poses."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_pipelines.sources.base import Clip as StoredClip
from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth.generate import SETTINGS_FILE
from data_pipelines.synth.plan import make_plan
from data_pipelines.synth.samples import render
from data_pipelines.synth.scene import Studio
from data_pipelines.synth.shots import Director, Shot
from face_jax.cli.subjects import describe_clip
from face_jax.cli.synthetic_data import BUILT_IN
from face_jax.fsrt.known_people import BOTH, EXPRESSION, POSE, Encounter
from face_jax.fsrt.scores import Clip
from face_jax.heads.library import head

SPLIT = "test"
"""Persons that neither training nor its validation has seen."""
BATCH = 20
"""Pictures that are rendered at a time."""


def synthetic_part(data: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The part of a run's data that is of synthetic people.

    Args:
      data: the block ``data`` of its config; the first such part of a mixture.
      source: kind of the source, a name in ``BUILT_IN``.

    Returns:
      A data block with one source, its keywords, and what items are made like.

    Raises:
      ValueError: the run was trained on nothing of the kind.
    """
    mixture = data.get("mixture") or {}
    for part in (data, *(mixture[name] for name in sorted(mixture))):
        if part.get("source") == source:
            block = {"source": source, source: dict(part.get(source) or {})}
            return {**block, "item": data["item"], data["item"]: data[data["item"]]}
    raise ValueError(
        f"data.source: expected {source!r}, got {data.get('source') or list(mixture)}; "
        "the truth is known of synthetic people only"
    )


def settings_of(data: Mapping[str, Any], head_path: str | None) -> SyntheticSettings:
    """The settings of the synthetic data set that a run was trained on.

    Args:
      data: the block ``data`` of its config, whose source is a name in ``BUILT_IN``.
      head_path: file of the head model, for a data set of another head than the
        built-in one.

    Raises:
      FileNotFoundError: the data set's folder has no settings.
    """
    source = data["source"]
    block = data[source]
    if not block.get("path"):
        return BUILT_IN[source](**(block.get("built_in") or {}))
    path = Path(block["path"]) / SETTINGS_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file; it says what the data set holds"
        )
    stored = json.loads(path.read_text(encoding="utf-8"))
    fields = {field.name for field in dataclasses.fields(SyntheticSettings)}
    given = {name: value for name, value in stored.items() if name in fields}
    settings = SyntheticSettings(**given)
    return (
        settings if head_path is None else dataclasses.replace(settings, head=head_path)
    )


class KnownPeople:
    """Renders persons of a data set in any pose, with any expression.

    Attributes:
      identities: numbers of the persons of the test split.
    """

    def __init__(self, settings: SyntheticSettings, size: int):
        """Prepares the head model; takes seconds.

        Args:
          settings: of the data set.
          size: side of the pictures, pixels.

        Raises:
          FileNotFoundError: there is no such head model.
          ValueError: the data set has fewer than two persons with clips for tests.
        """
        model = head(settings.head)
        self._settings, self._size = settings, size
        self._director = Director(dataclasses.replace(settings, size=size), model)
        self._studio = Studio(model, size)
        plans = make_plan(settings).clips[SPLIT]
        self._plans = {plan.identity: plan for plan in reversed(plans)}
        self.identities = sorted(self._plans)
        if len(self.identities) < 2:
            raise ValueError(
                f"expected a data set with at least 2 persons for tests (20 in all), "
                f"got {len(self.identities)}"
            )

    def encounters(self, most: int, num_frames: int) -> Iterator[tuple[Encounter, ...]]:
        """Persons that drive themselves, and persons driven by the next one.

        Args:
          most: persons.
          num_frames: driving frames of each, spread over the clip.

        Yields:
          For each person: the encounter with itself, then that with the next person.
        """
        for number, identity in enumerate(self.identities[:most]):
            following = self.identities[(number + 1) % len(self.identities)]
            mine, theirs = self._shots(identity), self._shots(following)
            stranger = theirs[:1]
            yield tuple(
                self._encounter(mine, driver, stranger, num_frames)
                for driver in (mine, theirs)
            )

    def _shots(self, identity: int) -> list[Shot]:
        return self._director.clip(self._plans[identity], self._settings.num_frames)

    def _encounter(
        self,
        person: Sequence[Shot],
        driver: Sequence[Shot],
        stranger: Sequence[Shot],
        num_frames: int,
    ) -> Encounter:
        chosen = np.linspace(1, len(driver) - 1, num_frames).round().astype(int)
        driving = [driver[index] for index in chosen]
        shots = {
            BOTH: [posed(person[0], shot, shot) for shot in driving],
            POSE: [posed(person[0], shot, person[0]) for shot in driving],
            EXPRESSION: [posed(person[0], person[0], shot) for shot in driving],
        }
        return Encounter(
            source=self._clip(person[:1]),
            initial=self._clip(driver[:1]),
            driver=self._clip(driving),
            truths={name: self._clip(found) for name, found in shots.items()},
            stranger=self._clip(stranger),
        )

    def _clip(self, shots: Sequence[Shot]) -> Clip:
        """Renders shots, with keypoints, landmarks and regions."""
        parts = [shots[first : first + BATCH] for first in range(0, len(shots), BATCH)]
        rendered = [
            result
            for part in parts
            for result in render(self._studio, self._director.rig, part, BATCH)
        ]
        stored = StoredClip(
            name=f"person {shots[0].identity}",
            num_frames=len(shots),
            width=self._size,
            height=self._size,
            landmarks=np.stack([result.landmarks_68 for result in rendered]),
            detected=np.ones(len(shots), bool),
        )
        return describe_clip(stored, np.stack([r.clean_image for r in rendered]))


def posed(person: Shot, pose: Shot, expression: Shot) -> Shot:
    """A person, their light and room, in a pose and with an expression of others.

    Args:
      person: who, where.
      pose: gives the turn of the head and the camera.
      expression: gives facial actions and gaze.
    """
    return dataclasses.replace(
        person,
        rotation=pose.rotation,
        camera=pose.camera,
        weights=expression.weights,
        gaze=expression.gaze,
    )
