"""A causal temporal filter for SMIRK's faces with one strength knob: see ``one_euro``.

Each quantity is filtered where a lag means something: coefficients by how far they move
the surface, position and scale as they are seen in the picture, the head's rotation as a
rotation. The identity of a person does not change: its coefficients are averaged.
"""

import dataclasses
import functools

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import HeadModel, HeadParameters
from face_jax.smirk.encoder import EncodedFace
from face_jax.temporal.one_euro import (
    SignalState,
    advance,
    advance_rotation,
    at_rest,
    at_rest_rotation,
    check_settings,
)
from face_jax.types import Array

SURFACE_LAG = 0.002
"""Largest lag of the surface at strength 1 that one coefficient causes, metres."""
POSITION_LAG = 0.005
"""Largest lag of the head's place, metres."""
SCALE_LAG = 0.03
"""Largest lag of the camera's scale, as a share of the first one."""
POSE_LAG = 0.05
"""Largest lag of the head's rotation, radians: 5 mm on a face 10 cm from its axis."""
JAW_LAG = 0.025
"""Largest lag of the jaw's rotation, radians: 2 mm at a chin 8 cm from its hinge."""
SHAPE_TIME_CONSTANT = 8.0
"""Seconds over which the identity is averaged at strength 1, those that have passed."""


@flax.struct.dataclass
class FilterState:
    """Filter memory between two chunks of a clip.

    Attributes:
      signals: coefficients, jaw, and place and scale in the picture, by name.
      pose: the head's rotation.
      shape: [S] average of the identity coefficients.
      frames: how many frames it is the average of.
      elapsed: seconds since the last frame with a face.
    """

    signals: dict[str, SignalState]
    pose: SignalState
    shape: Array
    frames: Array
    elapsed: Array


class FaceFilter:
    """Smooths the faces of one clip in order, carrying its memory between chunks.

    Cameras must be those of one picture: where crops move, of the whole frame.
    """

    def __init__(self, head: HeadModel, strength: float, frame_rate: float):
        """Starts a clip.

        Args:
          head: the head that the parameters set.
          strength: 0 (off: chunks come back as they are) to 1.
          frame_rate: frames per second of the clip.

        Raises:
          ValueError: strength or frame rate out of range.
        """
        check_settings(strength, frame_rate)
        self._strength, self._interval = strength, 1.0 / frame_rate
        self._head = head
        self._state: FilterState | None = None

    def __call__(
        self, faces: EncodedFace, valid: np.ndarray | None = None
    ) -> EncodedFace:
        """Smooths the next frames.

        Args:
          faces: of T frames; each T is compiled for.
          valid: bool [T], where there is a face; None: everywhere. Other frames change
            nothing, and the time that they take makes the memory fade.

        Returns:
          T faces, on the host; those of frames without one mean nothing.
        """
        count = len(faces.camera)
        known = np.ones(count, bool) if valid is None else np.asarray(valid, bool)
        if self._strength == 0 or (self._state is None and not known.any()):
            return faces
        if self._state is None:
            first = int(known.argmax())
            beginning = jax.tree.map(lambda rows: np.asarray(rows)[first], faces)
            self._state = start(self._head, beginning)
        self._state, smoothed = filter_chunk(
            self._state, faces, known, self._strength, self._interval
        )
        return jax.device_get(smoothed)


def start(head: HeadModel, first: EncodedFace) -> FilterState:
    """The filter's memory before a clip: at rest at its first face.

    Args:
      head: the head.
      first: one face, without the axis T.
    """
    signals = _signals(first)
    lags = _lags(head, signals)
    assert first.head.pose_params is not None and first.head.shape_params is not None
    return FilterState(
        signals={name: at_rest(value, lags[name]) for name, value in signals.items()},
        pose=at_rest_rotation(first.head.pose_params, POSE_LAG),
        shape=jnp.asarray(first.head.shape_params, jnp.float32),
        frames=jnp.float32(0),
        elapsed=jnp.float32(0),
    )


@jax.jit
def filter_chunk(
    state: FilterState,
    faces: EncodedFace,
    valid: Array,
    strength: float | Array,
    interval: float | Array,
) -> tuple[FilterState, EncodedFace]:
    """Filters consecutive frames in one scan.

    Args:
      state: memory after the frame before the first one.
      faces: of T frames.
      valid: bool [T], where there is a face.
      strength: 0 to 1.
      interval: seconds between two frames.

    Returns:
      The memory after the last frame, and T smoothed faces.
    """

    def step(
        state: FilterState, frame: tuple[EncodedFace, Array]
    ) -> tuple[FilterState, EncodedFace]:
        face, known = frame
        waiting = dataclasses.replace(state, elapsed=state.elapsed + interval)
        moved, smooth = _advance(waiting, face, strength)
        choose = functools.partial(jnp.where, known)
        return jax.tree.map(choose, moved, waiting), smooth

    return jax.lax.scan(step, state, (faces, valid))


def _advance(
    state: FilterState, face: EncodedFace, strength: float | Array
) -> tuple[FilterState, EncodedFace]:
    """Takes one face, ``state.elapsed`` seconds after the last one."""
    timing = {"strength": strength, "interval": state.elapsed}
    signals, smooth = {}, {}
    for name, value in _signals(face).items():
        signals[name], smooth[name] = advance(state.signals[name], value, **timing)
    rotation, identity = face.head.pose_params, face.head.shape_params
    assert rotation is not None and identity is not None
    pose, turned = advance_rotation(state.pose, rotation, **timing)
    memory = strength * SHAPE_TIME_CONSTANT
    # A mean of all frames at first, of the last seconds later.
    share = jnp.maximum(
        1 / (state.frames + 1), -jnp.expm1(-state.elapsed / jnp.maximum(memory, 1e-6))
    )
    shape = state.shape + share * (identity - state.shape)
    state = FilterState(signals, pose, shape, state.frames + 1, jnp.zeros(()))
    return state, _face(smooth, turned, shape)


def _signals(face: EncodedFace) -> dict[str, Array]:
    """What is filtered as signals [..., D]; coefficients are [n, 1], each its own."""
    head, camera = face.head, face.camera
    jaw = {} if head.jaw_params is None else {"jaw_params": head.jaw_params}
    coefficients = {
        name: getattr(head, name)[:, None]
        for name in ("expression_params", "eyelid_params")
        if getattr(head, name) is not None
    }
    # Where the model's origin is seen: errors of scale and shift go together.
    place = {"position": camera[:1] * camera[1:], "scale": camera[:1]}
    return coefficients | jaw | place


def _face(signals: dict[str, Array], pose: Array, shape: Array) -> EncodedFace:
    """The face of filtered signals; undoes ``_signals``."""
    coefficients = {
        name: signals[name][:, 0]
        for name in ("expression_params", "eyelid_params")
        if name in signals
    }
    head = HeadParameters(
        shape_params=shape,
        pose_params=pose,
        jaw_params=signals.get("jaw_params"),
        **coefficients,
    )
    scale = signals["scale"]
    return EncodedFace(head, jnp.concatenate([scale, signals["position"] / scale]))


def _lags(head: HeadModel, signals: dict[str, Array]) -> dict[str, np.ndarray | float]:
    """Largest lag of every signal in its own unit."""
    scale = abs(float(signals["scale"][0]))
    lags: dict[str, np.ndarray | float] = {
        "jaw_params": JAW_LAG,
        "position": POSITION_LAG * scale,
        "scale": SCALE_LAG * scale,
    }
    for name, basis in (
        ("expression_params", head.expression_basis),
        ("eyelid_params", head.eyelid_basis),
    ):
        if name in signals:
            moved = np.linalg.norm(np.asarray(basis), axis=1).max(axis=0)
            lags[name] = SURFACE_LAG / np.maximum(moved[: len(signals[name])], 1e-6)
    return lags
