"""What a photograph still tells of a face after SMIRK's encoders have seen it.

    python -m tests.measure.picture_gradients RUN --people 100

RUN is a work directory of training on synthetic people, whose generator has been trained.
At what the encoders see in pictures of unseen people, each loss says by its gradient which
way every coefficient should move, and the truth says which way is right. Printed is the
correlation of the two over the pictures, the mean over directions that show: 0 where a
loss knows nothing that the encoders do not, 1 where it knows everything. ``estimated``:
everything is as the encoders see it. ``alone``: expression or identity is, and all the
rest is true. ``by chance``: likewise, but with the errors of another picture, what a loss
tells to encoders that know nothing. Landmarks count as they are, and moved by chance as
far as those are off that a detector guesses.

Below stands how each loss changes where estimates alone become true, or another
picture's; and whether the encoders find in pictures that the generator makes the
expressions that it was given: what its obedience is worth.
"""

import argparse
import dataclasses
import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.cli.known_heads import SOURCE, known_heads, stored_faces
from face_jax.cli.known_people import SPLIT, synthetic_part
from face_jax.cli.subjects import data_of_run
from face_jax.smirk import inference
from face_jax.smirk.head_evaluation import LEAST_MOVE
from face_jax.smirk.known_heads import encode_all, moved_landmarks
from face_jax.smirk.measures import outer_eye_distance
from face_jax.temporal.chunks import in_batches

FIELDS = ("expression_params", "shape_params")
BATCH = 20
"""Pictures at a time."""
GUESSES = (4, 8)
"""Mean errors of guessed landmarks, % of the distance between the outer eye corners."""


def landmark_loss(model, faces, known):
    """Mean absolute distance of the 105 landmarks, [B]."""
    found = inference.decode(model, faces).landmarks_105
    return jnp.abs(found - known.landmarks_105).mean(axis=(1, 2))


def picture_loss(model, faces, known):
    """Mean absolute difference of the picture that is made and the photograph, [B]."""
    made = inference.resynthesise(model, known.images, faces).image
    return jnp.abs(made - known.images / 255.0).mean(axis=(1, 2, 3))


LOSSES = {"landmarks": landmark_loss, "photograph": picture_loss}


def guessed(known, percent, seed=0):
    """The heads with landmarks that are off by chance, on average ``percent``."""
    landmarks = np.asarray(known.landmarks_105)
    eyes = np.asarray(outer_eye_distance(landmarks))[:, None, None]
    off = np.random.default_rng(seed).standard_normal(landmarks.shape)
    # The mean length of pairs of standard normal numbers.
    off *= percent / 100 * eyes / np.sqrt(np.pi / 2)
    return known.replace(landmarks_105=np.float32(landmarks + off))


def estimates(run, people):
    """A run's model and data block, known heads of unseen people, what it sees there."""
    model = inference.load(run)
    data = synthetic_part(data_of_run(run), SOURCE)
    known = known_heads(stored_faces(data, SPLIT), data["smirk_item"], people)
    return model, data, known, encode_all(model, known.images)


def corrections(model, loss, faces, known, field):
    """Where a loss wants the coefficients of a field to go, [N, n]."""
    of_rows = functools.partial(_corrections, model, loss, field)
    return np.asarray(in_batches(of_rows, faces, known, size=BATCH))


@functools.partial(jax.jit, static_argnums=(1, 2))
def _corrections(model, loss, field, faces, known):
    def total(parameters):
        moved = dataclasses.replace(faces.head, **{field: parameters})
        return loss(model, dataclasses.replace(faces, head=moved), known).sum()

    return -jax.grad(total)(getattr(faces.head, field))


def shaken(faces, truth, seed=0):
    """The true faces with the errors of the estimates, each of some other picture."""
    order = np.random.default_rng(seed).permutation(len(truth.camera))
    moved = {}
    for name in FIELDS:
        true, found = (np.asarray(getattr(f.head, name)) for f in (truth, faces))
        moved[name] = true + (found - true)[order]
    return dataclasses.replace(truth, head=dataclasses.replace(truth.head, **moved))


def exchanged(faces, others, field, order=slice(None)):
    """The faces with a field of other ones, in a given order."""
    given = np.asarray(getattr(others.head, field))[order]
    return dataclasses.replace(
        faces, head=dataclasses.replace(faces.head, **{field: given})
    )


def loss_of_each(model, loss, faces, known):
    """The loss of every picture, [N]."""
    of_rows = functools.partial(_loss_of_rows, model, loss)
    return np.asarray(in_batches(of_rows, faces, known, size=BATCH))


@functools.partial(jax.jit, static_argnums=1)
def _loss_of_rows(model, loss, faces, known):
    return loss(model, faces, known)


def found_again(model, faces, known, order):
    """Expressions [N, n] that the encoders find where the generator is given others'."""
    given = exchanged(faces, faces, "expression_params", order)
    made = in_batches(
        lambda images, rows: inference.resynthesise(model, images, rows).image,
        known.images,
        given,
        size=BATCH,
    )
    pictures = np.uint8(np.round(255 * np.clip(made, 0, 1)))
    return np.asarray(encode_all(model, pictures).head.expression_params)


def correlation(wanted, missing):
    """Of two [N, n], column by column; NaN where one of them does not vary."""
    wanted, missing = (x - x.mean(axis=0) for x in (wanted, missing))
    spread = np.sqrt((wanted**2).sum(axis=0) * (missing**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (wanted * missing).sum(axis=0) / spread


def shown_directions(model, known):
    """Bool by the names of ``FIELDS``: the directions that move a landmark visibly."""
    expressions = np.asarray(known.faces.head.expression_params)
    scale = float(np.mean(known.faces.camera[:, 0]))
    moves = moved_landmarks(model.head, expressions, scale, model.image_size)
    basis = np.asarray(model.head.identity_basis)
    kept = np.asarray(model.networks.assets.face.vertices)
    sizes = np.linalg.norm(basis[kept], axis=1).mean(axis=0)
    return {
        "expression_params": moves >= LEAST_MOVE,
        "shape_params": sizes >= np.sort(sizes)[-10],
    }


def agreement(model, loss, faces, known, field, shown):
    """How well a loss points to the truth: the mean of the directions that show."""
    wanted = corrections(model, loss, faces, known, field)
    true, at = (np.asarray(getattr(f.head, field)) for f in (known.faces, faces))
    count = wanted.shape[1]
    found = correlation(wanted, true[:, :count] - at[:, :count])
    return np.nanmean(found[shown[field][:count]])


def wrong_alone(seen, known, field):
    """Faces that are true but for a field, by what is wrong with it."""
    return {
        "alone": exchanged(known.faces, seen, field),
        "by chance": exchanged(known.faces, shaken(seen, known.faces), field),
    }


def print_corrections(model, seen, known, shown):
    """Which way the losses point, and how often that is right."""
    told = [(name, loss, known) for name, loss in LOSSES.items()]
    told += [
        (f"landmarks off by {off} %", landmark_loss, guessed(known, off))
        for off in GUESSES
    ]
    for field in FIELDS:
        for name, loss, heads in told:
            situations = {"estimated": seen} | wrong_alone(seen, known, field)
            found = {
                title: agreement(model, loss, faces, heads, field, shown)
                for title, faces in situations.items()
            }
            columns = "  ".join(f"{t} {value:6.3f}" for t, value in found.items())
            print(f"{field:17} {name:20} {columns}", flush=True)


def print_exchanges(model, seen, known, order):
    """What the losses are where coefficients are true, or those of another picture."""
    for name, loss in LOSSES.items():
        true = loss_of_each(model, loss, known.faces, known)
        for field in FIELDS:
            before, other = (
                loss_of_each(
                    model, loss, exchanged(known.faces, seen, field, rows), known
                )
                for rows in (slice(None), order)
            )
            changes = [100 * (x.mean() / before.mean() - 1) for x in (true, other)]
            print(
                f"{name:10} {field:17} true: {changes[0]:+6.1f} %, better for "
                f"{100 * (true < before).mean():.0f} %; another's: {changes[1]:+6.1f} %, "
                f"better for {100 * (other < before).mean():.0f} %"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--people", type=int, default=100)
    given = parser.parse_args()
    model, _, known, seen = estimates(given.run, given.people)
    shown = shown_directions(model, known)
    print(f"{len(known)} pictures, directions: {jax.tree.map(np.sum, shown)}")
    print_corrections(model, seen, known, shown)
    order = np.random.default_rng(0).permutation(len(known))
    print_exchanges(model, seen, known, order)
    expressions = np.asarray(seen.head.expression_params)
    found = found_again(model, seen, known, order)
    for name, wanted in (("given", expressions[order]), ("photograph's", expressions)):
        kept = shown["expression_params"][: found.shape[1]]
        mean = np.nanmean(correlation(wanted, found)[kept])
        print(f"expressions found in what was made, with the {name}: {mean:.3f}")


if __name__ == "__main__":
    main()
