"""Transfer of motion: from a driver's keypoints and expression to the source's.

The published rule (FSRT, arXiv 2404.09736) is, with source keypoints s, driving
keypoints d and those of the driver's initial frame d0,

    absolute: k = d          relative: k = s + a (d - d0)

with a = 1, or the root of the ratio of hull areas of s and d0 (``adapt_scale``);
the expression vector is the driver's own.

Keypoints carry the pose of the head *and* the shape of mouth, brows and eyes. To let
users turn one up without the other, motion is split into a head motion, fitted by
least squares (``geometry.similarity``), and the rest. It takes d0 to d in relative and
s to d in absolute mode; write the fitted points as b, and the fit as the complex
factor w (scale and rotation), centroids c of b and c' of d, and the parallax g of
points at depth z (turning left and right, nodding). With c_s the centroid of s,

    pose(p) = c_s + w^p (s - c_s) + p a (c' - c + g z)    the source's own face, moved
    residual = a (d - c' - w (b - c) - g z)               what no head motion explains
    cross = k - pose(1) - residual                        0 in absolute mode
    k(p, e) = pose(p) + e w^(p-1) residual + p e cross

p and e are the strengths of pose and expression. k(1, 1) is the published k, bit for
bit. k(p, 0) only moves the source's head: its mouth keeps its shape. k(0, e) only adds
the residual, turned back from the driver's pose into the source's: the mouth moves,
the head stays. Both may exceed 1. The expression vector is mixed alike:
(1 - e) source + e driving.

Which keypoints tell the head's pose, and how deep they lie, is known for keypoints
with a meaning only (``SEMANTIC_HEAD``). Learned and published keypoints all count
alike and as flat, so that turning the head out of the picture plane is in part taken
for expression.
"""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.keypoints import (
    best_frame,
    convex_hull_area,
    transfer_keypoints,
)
from face_jax.geometry.similarity import (
    centred_depths,
    fit_similarity,
    rotate_and_scale,
)
from face_jax.types import Array


@flax.struct.dataclass
class Motion:
    """All that drives a face: a clip, or one frame where the axis T is missing.

    Between the stages of inference it lives on the host, where cutting and joining
    chunks compiles nothing.

    Attributes:
      keypoints: [T, K, 2] float32 (x, y) in the model's keypoint coordinates.
      expression: [T, E] float32 expression vectors.
    """

    keypoints: Array
    expression: Array

    def __len__(self) -> int:
        return self.keypoints.shape[0]

    def frame(self, index: int) -> "Motion":
        """The motion of one frame, without the axis T."""
        return Motion(self.keypoints[index], self.expression[index])


@dataclasses.dataclass(frozen=True)
class HeadModel:
    """What is known about the keypoints as points of a rigid head.

    Attributes:
      weights: of each keypoint in the fit of the head's motion, 0 for those that an
        expression moves; None: all alike.
      depths: of each keypoint towards the viewer, in any unit; None: all alike.
    """

    weights: tuple[float, ...] | None = None
    depths: tuple[float, ...] | None = None


SEMANTIC_HEAD = HeadModel(
    weights=(1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    depths=(0.0, 0.0, 0.1, 0.1, 0.6, 0.1, 0.1, 0.25, 0.25, 0.1),
)
"""For the ten keypoints taken from landmarks: centres of the eyes and of the brows,
nose tip, mouth corners, inner lips, chin. Eyes and nose tip carry the pose. Depths in
distances between the eyes, rounded from scans and from detections on 45 portraits."""


@dataclasses.dataclass(frozen=True)
class MotionOptions:
    """How a driver's motion becomes the source's; the defaults are the published rule.

    Attributes:
      relative: move the source's keypoints by the driver's change since its initial
        frame, instead of taking the driver's keypoints as they are.
      adapt_scale: in relative mode, scale that change by the size of the source's face
        over the driver's (roots of the hull areas).
      relative_expression: add the driver's change of expression since its initial
        frame to the source's, instead of taking the driver's expression.
      pose_strength: 0 keeps the source's head still, 1 moves it like the driver's,
        more exaggerates.
      expression_strength: the same for the face: 0 keeps the source's expression.
      head: how to tell head motion from expression where the strengths differ from 1;
        None treats all keypoints alike.
    """

    relative: bool = False
    adapt_scale: bool = False
    relative_expression: bool = False
    pose_strength: float = 1.0
    expression_strength: float = 1.0
    head: HeadModel | None = None

    def __post_init__(self) -> None:
        for name in ("pose_strength", "expression_strength"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"{name}: a number >= 0 expected, got {value}")


def transfer(
    source: Motion, driving: Motion, initial: Motion, options: MotionOptions
) -> Motion:
    """The source's motion when it is driven.

    Args:
      source: one frame: keypoints [K, 2] and expression [E] of the (first) source.
      driving: T frames of the driver.
      initial: one frame of the driver, the one that shows the source's state.
      options: the rule.

    Returns:
      Motion of T frames to decode.
    """
    return Motion(
        keypoints=_transfer_keypoints(
            source.keypoints, driving.keypoints, initial.keypoints, options
        ),
        expression=_transfer_expression(
            source.expression, driving.expression, initial.expression, options
        ),
    )


def _transfer_keypoints(
    source: Array, driving: Array, initial: Array, options: MotionOptions
) -> Array:
    published = transfer_keypoints(
        source, driving, initial, options.relative, options.adapt_scale
    )
    p, e = options.pose_strength, options.expression_strength
    if p == 1 and e == 1:
        return published
    head = options.head or HeadModel()
    scale = _motion_scale(source, initial, options)
    fitted = initial if options.relative else source
    fit = fit_similarity(fitted, driving, head.weights, head.depths)
    own = fit_similarity(source, source, head.weights).centre
    depths = centred_depths(head.depths, head.weights, source.shape[-2])[:, None]
    turn = fit.parallax[:, None, :] * depths
    travel = (fit.target_centre - fit.centre)[:, None, :] + turn

    def pose(strength: float) -> Array:
        shape = rotate_and_scale(source - own, fit, strength)
        return own + shape + strength * scale * travel

    moved = rotate_and_scale(fitted - fit.centre[:, None, :], fit, 1.0) + turn
    residual = scale * (driving - fit.target_centre[:, None, :] - moved)
    cross = published - pose(1.0) - residual
    return pose(p) + e * rotate_and_scale(residual, fit, p - 1) + p * e * cross


def _transfer_expression(
    source: Array, driving: Array, initial: Array, options: MotionOptions
) -> Array:
    strength = options.expression_strength
    if options.relative_expression:
        return source + strength * (driving - initial)
    return (1 - strength) * source + strength * driving


def _motion_scale(source: Array, initial: Array, options: MotionOptions) -> Array:
    """Size of the source's face over the driver's, or one."""
    if not (options.relative and options.adapt_scale):
        return jnp.ones(())
    return jnp.sqrt(convex_hull_area(source) / convex_hull_area(initial))


def find_best_frame(
    source: np.ndarray | Array,
    driving: np.ndarray | Array,
    valid: np.ndarray | None = None,
) -> int:
    """The driving frame whose face is most like the source's, as the initial frame.

    Points are centred and divided by the root of their hull area, so position and size
    of the faces do not matter; the least sum of squared distances wins, the earliest on
    a tie. Animating forward and backward from this frame and joining the halves is the
    same as animating all frames with it as the initial frame, since a frame's
    result depends on no other frame but the initial one.

    Args:
      source: [P, 2] landmarks or keypoints of the (first) source.
      driving: [T, P, 2] the same points of every driving frame.
      valid: [T] bool, false for frames without a face; None means that all have one.

    Returns:
      The frame's index.

    Raises:
      ValueError: no frame has a face.
    """
    driving = np.asarray(driving)
    if valid is not None:
        if not np.any(valid):
            raise ValueError("best frame: no driving frame has a detected face")
        # ``best_frame`` passes over faces without extent; a subset of the frames would
        # be compiled anew for every number of them.
        driving = np.where(np.asarray(valid)[:, None, None], driving, 0)
    return int(_best_frame_jit(np.asarray(source), driving))


def initial_index(index: int, num_frames: int) -> int:
    """Resolves an initial frame's index; negative ones count from the end.

    Raises:
      ValueError: the clip has no such frame.
    """
    if not -num_frames <= index < num_frames:
        raise ValueError(
            f"initial frame: an index within the {num_frames} driving frames expected, "
            f"got {index}"
        )
    return index % num_frames


_best_frame_jit = jax.jit(best_frame)
transfer_jit = jax.jit(transfer, static_argnames="options")
"""``transfer`` compiled once per clip length and options."""
