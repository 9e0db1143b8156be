"""Reenactment from files to a file: the video pipeline around ``face_jax.fsrt``.

Drivers are read, driven and written chunk by chunk, so that memory does not depend on
their length; only landmarks and keypoints, a few hundred bytes a frame, are kept.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from data_pipelines.transforms.crops import crop_resize, paste_back
from data_pipelines.video import VideoWriter, iterate_frames, probe
from face_jax.cli.faces import DEFAULT_RULE, CropRule, FaceCrops, find_crops
from face_jax.cli.sources import SourceFaces, missing_landmarks, require_landmarks
from face_jax.fsrt.inference import DEFAULT_CHUNK, Model, Scene, encode_sources
from face_jax.fsrt.motion import MotionOptions, initial_index
from face_jax.fsrt.smoothing import jitter
from face_jax.fsrt.streaming import (
    DrivingChunk,
    InitialFrame,
    ReenactedChunk,
    find_initial,
    frame_at,
    stream,
)

FEATHER = 0.1
"""Width of the soft border of a pasted face, as a share of its box."""


@dataclasses.dataclass(frozen=True)
class Driver:
    """The clip that drives.

    Attributes:
      path: the video file.
      frame_rate: frames per second.
      crops: where the face lies in every frame of the file.
      start: first frame to use.
      stop: frame after the last one to use.
    """

    path: Path
    frame_rate: Fraction
    crops: FaceCrops
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclasses.dataclass(frozen=True)
class Output:
    """What the written video looks like.

    Attributes:
      path: where it goes; ends in .mp4.
      size: side of the rendered face in pixels, None for the model's own.
      side_by_side: whether the driver is shown to the left of the result.
      paste_into: uint8 [H, W, 3] full picture and its face box [4], to paste the face
        into; None writes the face alone.
      audio: whether the driver's sound is kept.
    """

    path: Path
    size: int | None = None
    side_by_side: bool = False
    paste_into: tuple[np.ndarray, np.ndarray] | None = None
    audio: bool = True


@dataclasses.dataclass(frozen=True)
class Report:
    """What was done.

    Attributes:
      frames: frames written.
      frame_rate: frames per second of the video.
      seconds: time it took, compilation included.
      sources: the pictures that gave the identity, as ``file`` or ``file#frame``.
      initial_frame: the driving frame that stands for the source's state, counted from
        the start of the driving clip that was used; None in absolute mode.
      frames_without_face: driving frames whose landmarks had to be interpolated.
      jitter_before: how much the driver's keypoints tremble before the temporal
        filter: mean length of their second differences, in percent of the width.
      jitter_after: the same after the filter.
    """

    frames: int
    frame_rate: float
    seconds: float
    sources: tuple[str, ...]
    initial_frame: int | None
    frames_without_face: int
    jitter_before: float
    jitter_after: float


def reenact_video(
    model: Model,
    sources: SourceFaces,
    driver: Driver,
    output: Output,
    options: MotionOptions | None = None,
    *,
    initial: int | Literal["best"] = 0,
    smoothing: float = 0.0,
    chunk: int = DEFAULT_CHUNK,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Drives an identity by a video file and writes a video file.

    The result has the driver's frame rate and, where asked for, its sound. It appears
    under its name only when it is complete.

    Args:
      model: the model.
      sources: pictures of one identity.
      driver: the clip that drives.
      output: what to write.
      options: how motion is transferred; None is the published rule.
      initial: driving frame that stands for the source's state in relative motion,
        negative ones from the end; ``"best"`` searches for the one most like the
        source in a first pass over the clip.
      smoothing: strength of the temporal filter, 0 (off) to 1.
      chunk: frames per compiled program.
      on_progress: called with the number of frames written so far.

    Returns:
      The report.

    Raises:
      ValueError: the model needs landmarks that are not there, the initial frame does
        not exist, or a file cannot be read or written.
      FileNotFoundError: a file or the output's folder does not exist.
    """
    begin = time.monotonic()
    options = options or MotionOptions()
    _check(model, sources, driver, output)
    writer = VideoWriter(
        output.path,
        fps=driver.frame_rate,
        audio_from=driver.path if output.audio else None,
        audio_start=float(driver.start / driver.frame_rate),
    )
    scene = encode_sources(model, sources.images, sources.keypoints)
    settings: dict[str, Any] = {
        "smoothing": smoothing,
        "frame_rate": float(driver.frame_rate),
        "chunk": chunk,
    }
    start = _initial_frame(model, scene, sources, driver, options, initial, settings)
    size = None if output.size is None else (output.size, output.size)
    results = stream(
        model,
        scene,
        driving_chunks(driver, model.image_size, chunk),
        options,
        initial=start,
        size=size,
        **settings,
    )
    raw, smooth = [], []
    with writer:
        for result in results:
            for picture in compose(result, output):
                writer.write(picture)
            raw.append(result.raw_keypoints)
            smooth.append(result.smooth_keypoints)
            on_progress(writer.frames_written)
    return Report(
        frames=writer.frames_written,
        frame_rate=float(writer.fps),
        seconds=time.monotonic() - begin,
        sources=sources.names,
        initial_frame=start.number if start else 0 if _is_relative(options) else None,
        frames_without_face=int(
            (~driver.crops.valid[driver.start : driver.stop]).sum()
        ),
        jitter_before=50 * jitter(np.concatenate(raw)),
        jitter_after=50 * jitter(np.concatenate(smooth)),
    )


def driving_chunks(driver: Driver, size: int, chunk: int) -> Iterator[DrivingChunk]:
    """Reads a driver, a few frames in memory at a time.

    Args:
      driver: the clip.
      size: side of the model's pictures, pixels.
      chunk: frames per chunk.

    Yields:
      Chunks in order, the last one possibly shorter.
    """
    frames = iterate_frames(driver.path, driver.start, driver.stop)
    crops, first = driver.crops, driver.start
    while some := list(islice(frames, chunk)):
        numbers = slice(first, first + len(some))
        pictures = [crops.cut(frame, first + i, size) for i, frame in enumerate(some)]
        yield DrivingChunk(
            frames=np.stack(pictures),
            landmark_keypoints=crops.keypoints(numbers),
            landmarks=None if crops.landmarks is None else crops.landmarks[numbers],
            valid=crops.valid[numbers],
        )
        first = numbers.stop


def compose(result: ReenactedChunk, output: Output) -> Iterator[np.ndarray]:
    """Lays out the pictures of the video.

    Args:
      result: a chunk of faces and of the driver.
      output: the layout.

    Yields:
      uint8 [H, W, 3] for each frame.
    """
    for face, driving in zip(result.frames, result.driving.frames, strict=True):
        picture = face
        if output.paste_into is not None:
            full, box = output.paste_into
            picture = paste_back(full, face, box, FEATHER)
        if output.side_by_side:
            whole = np.array([0, 0, driving.shape[1], driving.shape[0]])
            left = crop_resize(driving, whole, picture.shape[0])
            picture = np.concatenate([left, picture], axis=1)
        yield picture


def open_driver(
    path: Path,
    landmark_file: Path | None = None,
    rule: CropRule = DEFAULT_RULE,
    start: float = 0.0,
    end: float | None = None,
) -> Driver:
    """Looks at a driving clip without decoding it.

    Args:
      path: the clip.
      landmark_file: its landmarks; None looks for a file of the same name beside it.
      rule: what is cut out of its frames.
      start: where to begin, seconds.
      end: where to stop, seconds; None for the end of the clip.

    Returns:
      The driver.

    Raises:
      FileNotFoundError: a file does not exist.
      ValueError: the clip is unreadable, its landmarks are those of another clip, or
        no frame lies between ``start`` and ``end``.
    """
    info = probe(path)
    size = (info.width, info.height)
    first = round(start * info.fps)
    last = info.frames if end is None else min(round(end * info.fps), info.frames)
    if not 0 <= first < last:
        raise ValueError(
            f"{path}: a part of the clip's {info.duration:.2f} s expected, got "
            f"{start} s to {'its end' if end is None else f'{end} s'}"
        )
    crops = find_crops(path, landmark_file, info.frames, size, rule)
    return Driver(path, info.fps, crops, first, last)


def _check(model: Model, sources: SourceFaces, driver: Driver, output: Output) -> None:
    require_landmarks(model, sources)
    if model.networks.keypoints == "landmarks" and driver.crops.landmarks is None:
        raise ValueError(missing_landmarks(str(driver.path)))
    inputs = {driver.path, *(face.path for face in sources.faces)}
    if output.path.exists() and any(output.path.samefile(path) for path in inputs):
        raise ValueError(f"{output.path}: the result would overwrite its own input")


def _is_relative(options: MotionOptions) -> bool:
    return options.relative or options.relative_expression


def _initial_frame(
    model: Model,
    scene: Scene,
    sources: SourceFaces,
    driver: Driver,
    options: MotionOptions,
    initial: int | Literal["best"],
    settings: dict[str, Any],
) -> InitialFrame | None:
    """A first pass over the clip where one is needed; None for the first frame."""
    if not _is_relative(options):
        return None
    chunks = driving_chunks(driver, model.image_size, settings["chunk"])
    if initial == "best":
        points = sources.landmarks
        return find_initial(model, scene, chunks, source_landmarks=points, **settings)
    number = initial_index(initial, len(driver))
    return frame_at(model, chunks, number, **settings) if number else None
