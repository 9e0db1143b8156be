"""What a photograph still tells of a face after SMIRK's encoders have seen it.

    python -m tests.measure.picture_gradients RUN --people 100

RUN is a work directory of training on synthetic people, whose generator has been trained.
At what the encoders see in pictures of unseen people, each loss says by its gradient which
way every coefficient should move, and the truth says which way is right. Printed is the
correlation of the two over the pictures, the mean over directions that show: 0 where a
loss knows nothing that the encoders do not, 1 where it knows everything. Beside it stands
the same for faces that are off by chance, as far as the estimates are: what a loss tells
to encoders that know nothing.

Below stands how each loss changes where the true coefficients, or those of another
picture, take the place of the estimated ones; and whether the encoders find in pictures
that the generator makes the expressions that it was given: what its obedience is worth.
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
from face_jax.temporal.chunks import in_batches

FIELDS = ("expression_params", "shape_params")
BATCH = 20
"""Pictures at a time."""


def landmark_loss(model, faces, known):
    """Mean absolute distance of the 105 landmarks, [B]."""
    found = inference.decode(model, faces).landmarks_105
    return jnp.abs(found - known.landmarks_105).mean(axis=(1, 2))


def picture_loss(model, faces, known):
    """Mean absolute difference of the picture that is made and the photograph, [B]."""
    made = inference.resynthesise(model, known.images, faces).image
    return jnp.abs(made - known.images / 255.0).mean(axis=(1, 2, 3))


LOSSES = {"landmarks": landmark_loss, "photograph": picture_loss}


def estimates(run, people):
    """A run's model and data block, known heads of unseen people, what it sees there."""
    model = inference.load(run)
    data = synthetic_part(data_of_run(run), SOURCE)
    known = known_heads(stored_faces(data, SPLIT), data["smirk_item"], people)
    return model, data, known, encode_all(model, known.images)


def corrections(model, loss, faces, known):
    """Where a loss wants the coefficients to go, by the names of ``FIELDS``."""
    of_rows = functools.partial(_corrections, model, loss)
    return in_batches(of_rows, faces, known, size=BATCH)


@functools.partial(jax.jit, static_argnums=1)
def _corrections(model, loss, faces, known):
    def total(parameters):
        moved = dataclasses.replace(faces.head, **parameters)
        return loss(model, dataclasses.replace(faces, head=moved), known).sum()

    given = {name: getattr(faces.head, name) for name in FIELDS}
    return jax.tree.map(jnp.negative, jax.grad(total)(given))


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


def print_corrections(model, seen, known, shown):
    """Which way the losses point, and how often that is right."""
    for title, faces in (
        ("as estimated", seen),
        ("off by chance", shaken(seen, known.faces)),
    ):
        for name, loss in LOSSES.items():
            moves = corrections(model, loss, faces, known)
            for field, wanted in moves.items():
                true, at = (getattr(f.head, field) for f in (known.faces, faces))
                found = correlation(wanted, np.asarray(true) - np.asarray(at))
                mean = np.nanmean(found[shown[field][: len(found)]])
                print(f"{title:14} {name:10} {field:17} {mean:6.3f}", flush=True)


def print_exchanges(model, seen, known, order):
    """What the losses are where coefficients are true, or those of another picture."""
    for name, loss in LOSSES.items():
        before = loss_of_each(model, loss, seen, known)
        for field in FIELDS:
            true, other = (
                loss_of_each(model, loss, exchanged(seen, *given), known)
                for given in ((known.faces, field), (seen, field, order))
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
