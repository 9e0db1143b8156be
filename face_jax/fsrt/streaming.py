"""Reenactment of clips of any length: chunks in, chunks out, bounded memory."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from face_jax.fsrt.decoding import render_chunk
from face_jax.fsrt.inference import complete, describe_frames
from face_jax.fsrt.model import Model, Scene
from face_jax.fsrt.motion import Motion, MotionOptions, find_best_frame, transfer_jit
from face_jax.fsrt.smoothing import MotionFilter
from face_jax.temporal.chunks import DEFAULT_CHUNK
from face_jax.types import Array


class DrivingChunk(NamedTuple):
    """Consecutive frames of a driver.

    Attributes:
      frames: uint8 [n, H, W, 3], cropped like the training clips.
      landmark_keypoints: float32 [n, K, 2] for models with ``keypoints="landmarks"``.
      landmarks: float32 [n, 68, 2] for the search of the best frame, in any one scale;
        None falls back to the model's keypoints.
      valid: bool [n], which frames have landmarks; None: all.
      shown: uint8 [n, h, w, 3], passed through for whoever shows the driver beside
        the result.
    """

    frames: np.ndarray
    landmark_keypoints: np.ndarray | None = None
    landmarks: np.ndarray | None = None
    valid: np.ndarray | None = None
    shown: np.ndarray | None = None


class ReenactedChunk(NamedTuple):
    """What comes out for a ``DrivingChunk``.

    Attributes:
      frames: uint8 [n, height, width, 3].
      driving: the chunk that went in.
      raw_keypoints: float32 [n, K, 2] of the driver before the temporal filter.
      smooth_keypoints: float32 [n, K, 2] after it.
    """

    frames: np.ndarray
    driving: DrivingChunk
    raw_keypoints: np.ndarray
    smooth_keypoints: np.ndarray


class InitialFrame(NamedTuple):
    """The driving frame that stands for the source's state.

    Attributes:
      number: which frame of the clip it is, from 0.
      motion: its keypoints and expression, after the temporal filter.
    """

    number: int
    motion: Motion


def stream(
    model: Model,
    scene: Scene,
    chunks: Iterable[DrivingChunk],
    options: MotionOptions,
    *,
    initial: InitialFrame | None = None,
    smoothing: float = 0.0,
    frame_rate: float = 25.0,
    size: tuple[int, int] | None = None,
    chunk: int = DEFAULT_CHUNK,
) -> Iterator[ReenactedChunk]:
    """Drives a scene by a clip that need not fit into memory.

    The result equals ``inference.animate`` on the whole clip. One chunk is being
    decoded on the device while the caller consumes the one before; no more are alive.

    Args:
      model: the model.
      scene: the encoded sources.
      chunks: the driver in order, at most ``chunk`` frames each.
      options: how motion is transferred.
      initial: from ``find_initial``; None takes the clip's first frame.
      smoothing: strength of the temporal filter, 0 to 1.
      frame_rate: frames per second of the driver.
      size: (height, width) of the result, None for the model's own.
      chunk: frames per compiled program.

    Yields:
      One result per chunk.
    """
    source, options = scene.sources.frame(0), complete(options, model)
    start = None if initial is None else initial.motion
    waiting: tuple[Array, _Described] | None = None
    for described in _describe_chunks(model, chunks, smoothing, frame_rate, chunk):
        start = described.motion.frame(0) if start is None else start
        driven = transfer_jit(source, described.motion, start, options=options)
        frames = render_chunk(model, scene, driven, size=size, chunk=chunk)
        if waiting is not None:
            yield _finish(*waiting)
        waiting = frames, described
    if waiting is not None:
        yield _finish(*waiting)


def frame_at(
    model: Model,
    chunks: Iterable[DrivingChunk],
    index: int,
    *,
    smoothing: float = 0.0,
    frame_rate: float = 25.0,
    chunk: int = DEFAULT_CHUNK,
) -> InitialFrame:
    """Takes a given frame of a clip as the initial one.

    Args:
      model: the model.
      chunks: the driver from its beginning; read up to that frame.
      index: the frame's number, >= 0.
      smoothing: strength of the temporal filter, as in ``stream``.
      frame_rate: frames per second of the driver.
      chunk: frames per compiled program.

    Returns:
      The initial frame.

    Raises:
      ValueError: the clip has no such frame.
    """
    begin = 0
    for described in _describe_chunks(model, chunks, smoothing, frame_rate, chunk):
        if begin <= index < begin + len(described.motion):
            return InitialFrame(index, described.motion.frame(index - begin))
        begin += len(described.motion)
    raise ValueError(
        f"initial frame: an index within the {begin} driving frames expected, "
        f"got {index}"
    )


def find_initial(
    model: Model,
    scene: Scene,
    chunks: Iterable[DrivingChunk],
    *,
    source_landmarks: np.ndarray | None = None,
    smoothing: float = 0.0,
    frame_rate: float = 25.0,
    chunk: int = DEFAULT_CHUNK,
) -> InitialFrame:
    """Searches the frame whose face is most like the source's, as ``find_best_frame``.

    A first pass over the clip that remembers nothing but the best frame so far.

    Args:
      model: the model.
      scene: the encoded sources.
      chunks: the driver from its beginning.
      source_landmarks: [68, 2] of the first source. Where it and the chunks' landmarks
        are given, landmarks are compared; else the model's keypoints.
      smoothing: strength of the temporal filter, as in ``stream``.
      frame_rate: frames per second of the driver.
      chunk: frames per compiled program.

    Returns:
      The initial frame.

    Raises:
      ValueError: no frame has a face.
    """
    begin = 0
    best: InitialFrame | None = None
    best_points: np.ndarray | None = None
    for described in _describe_chunks(model, chunks, smoothing, frame_rate, chunk):
        motion = described.motion
        source, points, valid = _comparable(scene, described, source_landmarks)
        if valid.any():
            index = find_best_frame(source, points, valid)
            if best_points is None or _is_closer(source, points[index], best_points):
                best = InitialFrame(begin + index, motion.frame(index))
                best_points = points[index]
        begin += len(motion)
    if best is None:
        raise ValueError(
            f"best frame: none of the {begin} driving frames has a detected face"
        )
    return best


class _Described(NamedTuple):
    """A chunk with its motion before and after the temporal filter."""

    driving: DrivingChunk
    raw: Motion
    motion: Motion


def _describe_chunks(
    model: Model,
    chunks: Iterable[DrivingChunk],
    smoothing: float,
    frame_rate: float,
    chunk: int,
) -> Iterator[_Described]:
    temporal_filter = MotionFilter(smoothing, frame_rate)
    for driving in chunks:
        raw = describe_frames(model, driving.frames, driving.landmark_keypoints, chunk)
        yield _Described(driving, raw, temporal_filter(raw))


def _comparable(
    scene: Scene, described: _Described, source_landmarks: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of the source, of a chunk's frames, and which of the latter are valid."""
    driving = described.driving
    everywhere = np.ones(len(described.motion), bool)
    if source_landmarks is None or driving.landmarks is None:
        keypoints = np.asarray(described.motion.keypoints)
        return np.asarray(scene.sources.keypoints[0]), keypoints, everywhere
    valid = everywhere if driving.valid is None else driving.valid
    return source_landmarks, driving.landmarks, valid


def _is_closer(source: np.ndarray, points: np.ndarray, than: np.ndarray) -> bool:
    """Whether a frame beats an earlier one; a tie goes to the earlier."""
    return find_best_frame(source, np.stack([than, points])) == 1


def _finish(frames: Array, described: _Described) -> ReenactedChunk:
    return ReenactedChunk(
        frames=np.asarray(frames)[: len(described.motion)],
        driving=described.driving,
        raw_keypoints=np.asarray(described.raw.keypoints),
        smooth_keypoints=np.asarray(described.motion.keypoints),
    )
