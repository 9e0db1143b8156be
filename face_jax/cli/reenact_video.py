"""Reenactment from files to a file: the video pipeline around ``face_jax.fsrt``.

Drivers are read, driven and written chunk by chunk, so that memory does not depend on
their length; only landmarks and keypoints, a few hundred bytes a frame, are kept.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from data_pipelines.transforms.crops import paste_back
from data_pipelines.video import VideoWriter
from face_jax.cli.driver import Driver, driving_chunks
from face_jax.cli.sources import SourceFaces, missing_landmarks, require_landmarks
from face_jax.fsrt.inference import DEFAULT_CHUNK, Model, Scene, encode_sources
from face_jax.fsrt.motion import MotionOptions, initial_index
from face_jax.fsrt.streaming import (
    InitialFrame,
    ReenactedChunk,
    find_initial,
    frame_at,
    stream,
)
from face_jax.temporal.jitter import jitter

FEATHER = 0.1
"""Width of the soft border of a pasted face, as a share of its box."""


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
    shown = _height(output, model) if output.side_by_side else None
    results = stream(
        model,
        scene,
        driving_chunks(driver, model.image_size, chunk, shown),
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


def compose(result: ReenactedChunk, output: Output) -> Iterator[np.ndarray]:
    """Lays out the pictures of the video.

    Args:
      result: a chunk of faces and of the driver.
      output: the layout.

    Yields:
      uint8 [H, W, 3] for each frame.
    """
    for number, picture in enumerate(result.frames):
        if output.paste_into is not None:
            full, box = output.paste_into
            picture = paste_back(full, picture, box, FEATHER)
        if result.driving.shown is not None:
            left = result.driving.shown[number]
            picture = np.concatenate([left, picture], axis=1)
        yield picture


def _height(output: Output, model: Model) -> int:
    """Rows of the written pictures."""
    if output.paste_into is not None:
        return output.paste_into[0].shape[0]
    return output.size or model.image_size


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
