"""All that can be measured of a generated clip against the one that drove it.

Where something cannot be measured, the reason stands instead of a number: a network that
nobody gave, faces that were not found, pictures that are too small.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.cli.clip_faces import ClipFaces, find_faces, marked_faces
from face_jax.cli.judges import Embedding, Features, Judges
from face_jax.cli.measure_names import (
    MEASURES,
    OF_HEADS,
    OF_LANDMARKS,
    OF_PEOPLE,
    OF_PICTURES,
)
from face_jax.fsrt.driven_features import FEWEST, TOO_FEW
from face_jax.geometry.head import HeadParameters
from face_jax.metrics import image, landmarks
from face_jax.metrics.embeddings import (
    cosine_similarity,
    frechet_distance,
    squared_distance,
)
from face_jax.metrics.parameters import parameter_distance
from face_jax.smirk.inference import encode_unrounded
from face_jax.smirk.model import Model
from face_jax.temporal.chunks import in_batches
from face_jax.types import Array

Outcome = float | str
"""A number, or the reason why there is none."""

AKD_SIDE = 256
"""Height of the frames in whose pixels ``akd`` counts, whatever theirs is."""

PAIRS_AT_ONCE = 16
"""Frames of one compiled measurement."""

NO_DETECTOR = "needs a face detector"
NO_FACE = "no frame has a face in both clips"
NO_LANDMARKS = "needs a detector that gives landmarks"
OTHER_PERSON = "the driving clip shows another person"
NO_INCEPTION = "needs the weights of Inception-v3"


@dataclasses.dataclass(frozen=True)
class ClipMeasures:
    """What was measured of one clip.

    Attributes:
      values: every name of ``MEASURES`` to its number, or to None.
      reasons: the names without a number to the reason.
    """

    values: Mapping[str, float | None]
    reasons: Mapping[str, str]


def measure_clip(
    generated: np.ndarray,
    driving: np.ndarray,
    judges: Judges,
    *,
    source: np.ndarray | None = None,
    same_person: bool = True,
    known: np.ndarray | None = None,
    drove: ClipFaces | None = None,
) -> ClipMeasures:
    """Measures a generated clip.

    Args:
      generated: uint8, or float32 in [0, 255] so that rounding decides nothing,
        [T, H, W, 3].
      driving: uint8 [T, H, W, 3], the frames that drove it. Of the same person they are
        the right answer.
      judges: the networks that there are.
      source: uint8 [h, w, 3], the picture of the person who was to be shown; identities
        are compared with it if the driving clip shows another person.
      same_person: whether the driving clip shows the person of the source.
      known: float32 [T, 68, 2], the driver's landmarks in pixels. Without a detector
        heads of the same person are looked at where these are, in both clips.
      drove: faces of the driving frames, where the detector has found them before.

    Returns:
      All measures, means over the frames that count. ``fid`` is that of these few
      frames, which is larger than that of many.

    Raises:
      ValueError: the clips are no frames of one shape.
    """
    if generated.shape != driving.shape or generated.ndim != 4 or not len(generated):
        raise ValueError(
            f"generated, driving: expected frames [T, H, W, 3] of one shape, got "
            f"{list(generated.shape)} and {list(driving.shape)}"
        )
    outcomes = _of_pictures(generated, driving, judges) if same_person else {}
    if judges.detector is None:
        outcomes |= dict.fromkeys(("missing_rate", *OF_LANDMARKS), NO_DETECTOR)
        outcomes |= dict.fromkeys((*OF_HEADS, *OF_PEOPLE), NO_DETECTOR)
        if known is not None and same_person:
            pair = [marked_faces(frames, known) for frames in (generated, driving)]
            outcomes |= _of_heads(judges.smirk, *pair)
    else:
        made = find_faces(judges.detector, generated)
        drove = drove or find_faces(judges.detector, driving)
        outcomes["missing_rate"] = _missing_rate(made)
        outcomes |= _of_landmarks(made, drove)
        outcomes |= _of_heads(judges.smirk, made, drove)
        shown = drove if same_person else None
        if source is not None and not same_person:
            shown = find_faces(judges.detector, source[None])
        outcomes |= _of_people(judges.identity, made, shown)
    if same_person or judges.inception is None:
        outcomes["fid"] = _of_sets(judges.inception, generated, driving)
    return _told(dict.fromkeys(MEASURES, OTHER_PERSON) | outcomes)


def _of_pictures(
    generated: np.ndarray, driving: np.ndarray, judges: Judges
) -> dict[str, Outcome]:
    functions = {name: _of_bytes(getattr(image, name)) for name in OF_PICTURES}
    found: dict[str, Outcome] = {"lpips": "needs the weights of LPIPS"}
    if judges.lpips is not None:
        functions["lpips"] = judges.lpips
    for name, function in functions.items():
        try:
            each = in_batches(function, generated, driving, size=PAIRS_AT_ONCE)
            found[name] = float(each.mean())
        except ValueError as error:
            found[name] = str(error)
    return found


@functools.cache
def _of_bytes(function: Callable[[Array, Array], Array]):
    """A function of pictures in [0, 1] as one of bytes."""

    def call(prediction: Array, target: Array) -> Array:
        pair = (jnp.asarray(x, jnp.float32) / 255 for x in (prediction, target))
        return function(*pair)

    return jax.jit(call)


def _of_landmarks(made: ClipFaces, drove: ClipFaces) -> dict[str, Outcome]:
    found = made.marked & drove.marked
    if not found.any():
        reason = _without_landmarks(made, drove)
        return dict.fromkeys(OF_LANDMARKS, reason)
    ours, theirs = (jnp.asarray(x.track.points)[None] for x in (made, drove))
    scale = AKD_SIDE / made.frames.shape[1]
    counted = jnp.asarray(found)[None]
    distance = landmarks.average_keypoint_distance(ours, theirs, counted)
    run = _longest_run(found)
    return {
        "akd": scale * float(distance[0]),
        "jitter": (
            float(landmarks.jitter(ours[:, run], theirs[:, run])[0])
            if run.stop - run.start >= 3
            else "needs three frames in a row with faces in both clips"
        ),
        "scale_pumping": (
            float(landmarks.scale_pumping(ours[:, found], theirs[:, found])[0])
            if found.sum() > 1
            else "needs two frames with faces in both clips"
        ),
    }


def _of_heads(
    model: Model | None, made: ClipFaces, drove: ClipFaces
) -> dict[str, Outcome]:
    rows = np.flatnonzero(made.track.valid & drove.track.valid)
    if model is None:
        return dict.fromkeys(OF_HEADS, "needs a SMIRK model")
    if not len(rows):
        return dict.fromkeys(OF_HEADS, NO_FACE)
    size, scale = model.image_size, model.crop_scale
    crops = [faces.head_crops(rows, size, scale) for faces in (made, drove)]
    ours, theirs = (_heads(model, images) for images in crops)
    fields = zip(OF_HEADS, ("expression_params", "pose_params"), strict=True)
    return {
        name: float(parameter_distance(getattr(ours, f), getattr(theirs, f)).mean())
        for name, f in fields
    }


def _heads(model: Model, crops: np.ndarray) -> HeadParameters:
    pictures = crops / np.float32(255)
    return in_batches(lambda rows: encode_unrounded(model, rows), pictures).head


def _of_people(
    embed: Embedding | None, made: ClipFaces, true: ClipFaces | None
) -> dict[str, Outcome]:
    """Against the same frame of a clip, or against the one frame of a source."""
    if true is None:
        return dict.fromkeys(OF_PEOPLE, "needs the source")
    if embed is None:
        return dict.fromkeys(OF_PEOPLE, "needs an identity network")
    marked = made.marked & true.marked
    if not marked.any():
        return dict.fromkeys(OF_PEOPLE, _without_landmarks(made, true))
    rows = np.flatnonzero(marked)
    theirs = rows if len(true.frames) == len(made.frames) else np.zeros(1, int)
    ours, others = (
        in_batches(embed, faces.aligned(chosen))
        for faces, chosen in ((made, rows), (true, theirs))
    )
    return {
        "csim": float(cosine_similarity(ours, others).mean()),
        "aed_id": float(squared_distance(ours, others).mean()),
    }


def _of_sets(
    features: Features | None, generated: np.ndarray, driving: np.ndarray
) -> Outcome:
    if features is None:
        return NO_INCEPTION
    if len(generated) < FEWEST:
        return TOO_FEW
    sets = (
        in_batches(features, frames, size=PAIRS_AT_ONCE)
        for frames in (generated, driving)
    )
    return frechet_distance(*sets)


def _missing_rate(made: ClipFaces) -> float:
    return float(landmarks.missing_rate(jnp.asarray(made.track.valid)))


def _without_landmarks(made: ClipFaces, true: ClipFaces) -> str:
    """Why no frame has landmarks in both."""
    return NO_LANDMARKS if (made.track.valid & true.track.valid).any() else NO_FACE


def _longest_run(found: np.ndarray) -> slice:
    """The longest stretch of frames that were found."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], found.astype(int), [0]])))
    starts, stops = edges[::2], edges[1::2]
    longest = int(np.argmax(stops - starts))
    return slice(int(starts[longest]), int(stops[longest]))


def _told(outcomes: Mapping[str, Outcome]) -> ClipMeasures:
    """Numbers and reasons apart; what is no number is not defined."""
    values: dict[str, float | None] = dict.fromkeys(MEASURES)
    reasons: dict[str, str] = {}
    for name, outcome in outcomes.items():
        if isinstance(outcome, str):
            reasons[name] = outcome
        elif math.isfinite(outcome):
            values[name] = outcome
        else:
            reasons[name] = "is not defined for these frames"
    return ClipMeasures(values, reasons)
