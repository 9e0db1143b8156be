"""What a photograph would tell SMIRK's encoders if the generator were perfect.

    python -m tests.measure.drawn_again RUN --people 60

RUN is a work directory of training on synthetic people. In the place of its generator,
whoever drew the data draws each picture again: the same person, light and room, with the
expression that the encoders see. The loss is that of the first path, the mean absolute
difference of the pictures; central differences say which way it wants every coefficient
to go. Printed is the correlation of that with the way that is right: the most that the
photograph could tell. ``alone`` and ``by chance`` are what they are where
``tests.measure.picture_gradients`` prints the same for landmarks and for a generator that
was trained. Beside it stands the loss itself: what the wrong expression changes in a
picture, to be held against the error of a trained generator.
"""

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth.plan import make_plan
from data_pipelines.synth.scene import Studio
from data_pipelines.synth.shots import Director
from face_jax.cli.known_people import SPLIT, settings_of
from face_jax.geometry.head import HeadParameters
from face_jax.heads.library import head
from face_jax.smirk.known_heads import KnownHeads
from tests.measure.picture_gradients import (
    correlation,
    estimates,
    shown_directions,
    wrong_alone,
)

BATCH = 20
"""Pictures that are drawn at a time."""
STEP = 0.05
"""Of the differences, where an action goes from 0 to 1."""
SMALLER = 2
"""Pixels as drawn along a side of one in the run's crops."""

Draw = Callable[[np.ndarray], np.ndarray]
"""Expressions [N, E] to pictures [N, S, S, 3] in [0, 1]."""


def redraw(settings: SyntheticSettings, known: KnownHeads) -> Draw:
    """Draws the first pictures of a data set again, with expressions of one's own.

    Raises:
      ValueError: these are not the heads that are known.
    """
    model = head(settings.head)
    director = Director(settings, model)
    studio = Studio(model, settings.size)
    shots = [director.image(one) for one in make_plan(settings).images[SPLIT]]
    shots = shots[: len(known)]
    if [shot.identity for shot in shots] != list(known.identity):
        raise ValueError("known: expected the first persons of the split, in its order")

    def draw_rows(rows: np.ndarray, expressions: np.ndarray) -> np.ndarray:
        parameters = _rows_of(known.take(rows).faces.head, expressions)
        some = [shots[row] for row in rows]
        pictures = studio.render(
            [shot.person for shot in some],
            parameters,
            np.stack([shot.camera for shot in some]),
            [shot.lights for shot in some],
            np.stack([shot.background for shot in some]),
        )
        return shrunk(np.asarray(pictures.images) / np.float32(255))

    def draw(expressions: np.ndarray) -> np.ndarray:
        drawn = []
        for first in range(0, len(shots), BATCH):
            # The last ones again, so that one program draws all.
            rows = np.minimum(np.arange(first, first + BATCH), len(shots) - 1)
            drawn.append(draw_rows(rows, expressions[rows]))
        return np.concatenate(drawn)[: len(shots)]

    return draw


def shrunk(pictures: np.ndarray) -> np.ndarray:
    """The means of squares of ``SMALLER`` pixels."""
    count, height, width, channels = pictures.shape
    cells = (height // SMALLER, SMALLER, width // SMALLER, SMALLER)
    return pictures.reshape(count, *cells, channels).mean(axis=(2, 4))


def loss(draw: Draw, expressions: np.ndarray, photographs: np.ndarray) -> np.ndarray:
    """Mean absolute difference of every picture, [N]."""
    return np.abs(draw(expressions) - photographs).mean(axis=(1, 2, 3))


def corrections(
    draw: Draw,
    expressions: np.ndarray,
    photographs: np.ndarray,
    directions: np.ndarray,
) -> np.ndarray:
    """Where the loss wants some of the coefficients to go, [N, directions]."""
    found = []
    for direction in directions:
        moved = np.zeros_like(expressions)
        moved[:, direction] = STEP
        after, before = (
            loss(draw, expressions + sign * moved, photographs) for sign in (1, -1)
        )
        found.append((before - after) / (2 * STEP))
    return np.stack(found, axis=1)


def _rows_of(faces: HeadParameters, expressions: np.ndarray) -> HeadParameters:
    return dataclasses.replace(
        faces, expression_params=jnp.asarray(expressions, jnp.float32)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--people", type=int, default=60)
    given = parser.parse_args()
    model, data, known, seen = estimates(given.run, given.people)
    count = np.shape(seen.head.expression_params)[1]
    shown = shown_directions(model, known)["expression_params"][:count]
    draw = redraw(settings_of(data, None), known)
    true = np.asarray(known.faces.head.expression_params)
    photographs = draw(true)
    for title, faces in wrong_alone(seen, known, "expression_params").items():
        at = np.array(true)
        at[:, :count] = faces.head.expression_params
        wanted = corrections(draw, at, photographs, np.flatnonzero(shown))
        found = correlation(wanted, (true - at)[:, : len(shown)][:, shown])
        mean = loss(draw, at, photographs).mean()
        print(
            f"{title:9} loss {mean:.5f}, expression_params {np.nanmean(found):.3f} "
            f"({len(found)} directions)",
            flush=True,
        )


if __name__ == "__main__":
    main()
