"""Tables and pictures of what a SMIRK model makes of known heads."""

from collections.abc import Sequence

import jax
import numpy as np

from face_jax import viz
from face_jax.smirk import inference
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.head_evaluation import LEAST_MOVE, Evaluation
from face_jax.smirk.known_heads import ERRORS, KnownHeads
from face_jax.smirk.model import Model
from face_jax.tables import Cell, Table
from face_jax.types import Array

SHEET_ROWS = 10
"""Heads on a sheet of pictures."""
CELL = 128
"""Least width of a picture there, pixels: a whole multiple of the model's."""
BASELINE = "the mean"
"""How tables call the mean of the training set."""

EXPLANATION = f"""\
Landmark errors are % of the distance between the outer eye corners in the picture.
Millimetres, in the units of the head model, are mean distances of the vertices of its
face after the translation that suits them best. *Neutral pose* is identity and
expression with the head straight, *posed* has the rotation too, *identity alone* the
neutral face, *expression alone* the expression on the mean head. *{BASELINE.capitalize()}*
is that of the training set: its mean identity, expression, rotation (axis-angle) and
camera for every picture. CCC is the concordance correlation with the truth; the overview
has its mean over the directions of expression that move a landmark by {LEAST_MOVE} pixels
or more at one standard deviation of the set."""
"""What the numbers of a report mean."""


def overview_table(evaluations: Sequence[Evaluation]) -> Table:
    """What is asked of a model, one row for each set of heads."""
    rows: list[list[Cell]] = [
        [
            found.title,
            found.num_people,
            found.num_pictures,
            found.model["landmarks_105"],
            found.model["vertices"],
            found.share_of_mean,
            found.agreement,
            len(found.visible),
        ]
        for found in evaluations
    ]
    header = (
        "",
        "people",
        "pictures",
        "105 landmarks, %",
        "face, mm",
        f"over {BASELINE}",
        "CCC",
        "directions",
    )
    return Table("What is found of people that training never saw", header, rows)


def error_table(evaluation: Evaluation) -> Table:
    """Every error of the model beside that of the mean of the training set."""
    rows: list[list[Cell]] = []
    for name, title in ERRORS.items():
        mean, model = evaluation.mean[name], evaluation.model[name]
        rows.append([title, mean, model, model / mean if mean else None])
    header = ("", BASELINE, "SMIRK", "share")
    return Table(f"{evaluation.title}: mean errors", header, rows)


def measure_table(evaluations: Sequence[Evaluation]) -> Table:
    """Concordance correlation of what faces do, by measure and set."""
    names = evaluations[0].measures
    rows: list[list[Cell]] = [
        [name, *(found.measures[name] for found in evaluations)] for name in names
    ]
    title = "CCC of what faces do; that of the mean is 0"
    return Table(title, ["", *(found.title for found in evaluations)], rows)


def direction_table(evaluation: Evaluation) -> Table:
    """Concordance correlation of each visible direction of expression."""
    rows: list[list[Cell]] = [
        [found.name, found.moves, found.agreement] for found in evaluation.visible
    ]
    title = f"{evaluation.title}: directions of expression, the most visible first"
    return Table(title, ("", "pixels at 1 s.d.", "CCC"), rows)


def sheet(model: Model, known: KnownHeads, estimates: EncodedFace) -> np.ndarray:
    """Rows of photograph, estimate and truth as drawn faces, and the picture made again.

    Args:
      model: draws; without a generator nothing is made again.
      known: N heads; rows are spread evenly over them.
      estimates: what the model sees.

    Returns:
      uint8 [H, W, 3].
    """
    count = min(SHEET_ROWS, len(known))
    chosen = np.linspace(0, len(known) - 1, count).round().astype(int)
    shown = known.take(chosen)
    seen = jax.tree.map(lambda values: values[chosen], estimates)
    factor = -(-CELL // model.image_size)
    side = factor * model.image_size
    columns = {
        "photograph": _enlarged(shown.images, factor),
        "estimate": _enlarged(inference.render(model, seen, side).image, 1),
        "truth": _enlarged(inference.render(model, shown.faces, side).image, 1),
    }
    if model.has_generator:
        made = inference.resynthesise(model, shown.images, seen)
        columns["made again"] = _enlarged(made.image, factor)
    rows = list(zip(*columns.values(), strict=True))
    return viz.grid(rows, column_titles=list(columns))


def _enlarged(images: Array, factor: int) -> np.ndarray:
    """uint8 [N, factor S, factor S, 3] of pictures [N, S, S, 3]."""
    pictures = viz.to_uint8(np.asarray(images))
    return np.stack([viz.enlarge(picture, factor) for picture in pictures])
