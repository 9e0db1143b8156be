"""Synthetic people as heads with known parameters, stored or rendered with expressions."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from data_pipelines.items.base import Item
from data_pipelines.items.faces import FaceFrame
from data_pipelines.items.smirk import SmirkItems
from data_pipelines.landmarks.outlines import face_outline
from data_pipelines.sources.base import ClipReport
from data_pipelines.sources.faces import FaceCollection, FacePicture
from data_pipelines.sources.synthetic_images import SyntheticImages
from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth.plan import NO_OCCLUDER, ImagePlan, make_plan, seed_of
from data_pipelines.synth.samples import Rendered, render
from data_pipelines.synth.scene import Studio
from data_pipelines.synth.shots import Director, Shot
from data_pipelines.synth.special_expressions import SPECIAL
from face_jax.cli.known_people import BATCH, SPLIT
from face_jax.cli.progress import Progress
from face_jax.geometry.head import HeadParameters
from face_jax.heads.library import head
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.known_heads import KnownHeads
from face_jax.types import Array

SOURCE = "synthetic_images"
"""The source of data whose pictures have all of the truth."""
MEAN_PICTURES = 2000
"""Training pictures whose mean is taken; more would not move it by 3 % of a deviation."""
HEAD_FIELDS = tuple(field.name for field in dataclasses.fields(HeadParameters))


class RenderedFaces:
    """Rendered pictures in memory as a collection of faces.

    Attributes:
      groups: every picture by itself.
      report: of nothing; all pictures can be used.
    """

    def __init__(self, shots: Sequence[Shot], rendered: Sequence[Rendered]):
        """Keeps shots and what was rendered of each."""
        self.groups: tuple[tuple[int, ...], ...] = tuple(
            (row,) for row in range(len(shots))
        )
        self.report = ClipReport()
        self._pairs = list(zip(shots, rendered, strict=True))

    def __len__(self) -> int:
        return len(self._pairs)

    def frames(self, row: int) -> np.ndarray:
        """The picture alone, int64 [0]."""
        return np.zeros(1, np.int64)

    def face(self, row: int, frame: int = 0) -> FacePicture:
        """One picture with its truth."""
        shot, rendered = self._pairs[row]
        return FacePicture(
            name=f"synthetic face {shot.identity}, picture {shot.number}",
            image=rendered.clean_image,
            outline=face_outline(rendered.landmarks_68),
            landmarks_105=rendered.landmarks_105,
            landmarks_68=rendered.landmarks_68,
            label=shot.label,
            identity=shot.identity,
            truth={**rendered.parameters, "camera": shot.camera},
        )


def stored_faces(data: Mapping[str, Any], split: str) -> FaceCollection:
    """The stored pictures of one split; ``data`` as ``synthetic_part`` gives it."""
    return SyntheticImages(**{**data[SOURCE], "split": split, "occluders": False})


def special_faces(
    settings: SyntheticSettings, kind: str, most: int, pictures: int
) -> RenderedFaces:
    """Renders persons of the test split with expressions that training never saw.

    Turns of the head, cameras, lights and rooms are drawn as those of the data set are,
    anew for every picture.

    Args:
      settings: of the data set.
      kind: of expression, a name in ``SPECIAL``.
      most: persons.
      pictures: of each person.

    Raises:
      FileNotFoundError: there is no such head model.
    """
    model = head(settings.head)
    director = Director(settings, model)
    shots = special_shots(director, settings, kind, most, pictures)
    studio = Studio(model, settings.size)
    rendered: list[Rendered] = []
    with Progress(len(shots), f"{kind} pictures") as progress:
        for first in range(0, len(shots), BATCH):
            part = shots[first : first + BATCH]
            rendered += render(studio, director.rig, part, BATCH)
            progress.update(len(rendered))
    return RenderedFaces(shots, rendered)


def special_shots(
    director: Director,
    settings: SyntheticSettings,
    kind: str,
    most: int,
    pictures: int,
) -> list[Shot]:
    """The shots of ``special_faces``, person by person; all follows from the seed."""
    found = []
    for identity in unseen_people(settings)[:most]:
        for take in range(pictures):
            # Numbers that no picture of the data set has: light and pose are new too.
            number = settings.images + identity * pictures + take
            shot = director.image(ImagePlan(number, identity, "neutral", NO_OCCLUDER))
            random = np.random.default_rng(seed_of(settings.seed, kind, number))
            acted = SPECIAL[kind](random)
            found.append(
                dataclasses.replace(shot, weights=acted.weights, gaze=acted.gaze)
            )
    return found


def unseen_people(settings: SyntheticSettings) -> list[int]:
    """Numbers of the persons of the test split, increasing."""
    return sorted({plan.identity for plan in make_plan(settings).images[SPLIT]})


def known_heads(
    source: FaceCollection, item: Mapping[str, Any], most: int | None = None
) -> KnownHeads:
    """Pictures with the truth, cropped upright with the face in the middle.

    Args:
      source: synthetic faces, person by person.
      item: the block ``data.smirk_item`` of the run.
      most: persons, the first ones of the source; None for all.

    Raises:
      ValueError: a picture has no truth, or other truth than the first.
    """
    rows = list(_rows_of_people(source, most))
    items = list(_items(source, item, rows))
    batch = _stacked(items, items[0])
    return KnownHeads(
        images=batch["image"],
        faces=_faces(batch, size=batch["image"].shape[1]),
        landmarks_68=batch["landmarks_68"],
        landmarks_105=batch["landmarks_mediapipe"],
        identity=batch["identity"],
    )


def known_faces(source: FaceCollection, item: Mapping[str, Any]) -> EncodedFace:
    """Parameters and cameras alone, of ``MEAN_PICTURES`` spread evenly or of all.

    Args:
      source: synthetic faces.
      item: as for ``known_heads``.
    """
    count = min(MEAN_PICTURES, len(source))
    rows = np.linspace(0, len(source) - 1, count).round().astype(int).tolist()
    kept = [*HEAD_FIELDS, "camera"]
    found = [
        {name: one[name] for name in kept if name in one}
        for one in _items(source, item, rows)
    ]
    return _faces(_stacked(found, found[0]), size=SmirkItems(**item).size)


def _rows_of_people(source: FaceCollection, most: int | None) -> Iterator[int]:
    people: set[int] = set()
    for row in range(len(source)):
        people.add(source.face(row, 0).identity)
        if most is not None and len(people) > most:
            return
        yield row


def _items(
    source: FaceCollection, item: Mapping[str, Any], rows: Sequence[int]
) -> Iterator[Item]:
    lengths = {name: len(value) for name, value in source.face(0, 0).truth.items()}
    plain = {"mode": "plain", "truth": lengths, "recognition_image": False}
    recipe = SmirkItems(**{**item, **plain})
    for row in rows:
        nothing_random = np.random.default_rng(0)
        yield recipe.evaluation_item(source, FaceFrame(row, 0), nothing_random)


def _stacked(items: Sequence[Item], names: Iterable[str]) -> dict[str, Array]:
    return {name: jnp.asarray(np.stack([one[name] for one in items])) for name in names}


def _faces(batch: Mapping[str, Array], size: int) -> EncodedFace:
    parameters = {name: batch[name] for name in HEAD_FIELDS if name in batch}
    camera = camera_of_landmarks(batch["camera"], size)
    return EncodedFace(HeadParameters(**parameters), camera)


def camera_of_landmarks(camera: Array, size: int) -> Array:
    """Cameras that project a head onto the landmarks of items.

    Items have their landmarks half a pixel to the left of and above the places where the
    renderer draws them (see ``to_unit_square``), and models learn cameras from these.

    Args:
      camera: float [..., 3] (s, tx, ty), which draws into the crop.
      size: side of the crop, pixels.

    Returns:
      float32 [..., 3].
    """
    half = jnp.array([-1.0, 1.0]) / size
    shift = camera[..., 1:] + half / camera[..., :1]
    return jnp.concatenate([camera[..., :1], shift], axis=-1)
