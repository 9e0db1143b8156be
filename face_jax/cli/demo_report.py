"""What ``face-jax demo`` leaves behind: a page, a video, and the numbers."""

import os
import platform
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import jax
import numpy as np

import face_jax
from data_pipelines.video import VideoWriter
from face_jax import viz
from face_jax.fsrt import inference
from face_jax.fsrt.evaluation import encode_clip
from face_jax.fsrt.inference import Model
from face_jax.fsrt.page import Story, build_page
from face_jax.fsrt.suite import Results, Subject
from face_jax.plots import read_metrics
from face_jax.train.writers import replace_file

VIDEO_SIDE = 256
"""Side of driver and result in the video, pixels; both are enlarged."""
VIDEO_SECONDS = 20
"""Longest video: the end of the clip, which holds the frames that were held out."""
STRIP_HEIGHT = 24
SEEN, UNSEEN = (96, 104, 116), (20, 120, 70)
"""Colours of the strip below frames that training has seen, and has not."""


def write_video(path: Path, model: Model, subject: Subject, fps: Fraction) -> None:
    """Drives a clip's source by the last seconds of the clip, beside the clip.

    Args:
      path: the mp4 to write.
      model: the model.
      subject: the clip.
      fps: frames per second.
    """
    first = max(0, len(subject.clip) - round(VIDEO_SECONDS * fps))
    clip = subject.clip.take(range(first, len(subject.clip)))
    scene = encode_clip(model, subject.sources)
    result = inference.animate(
        model, scene, clip.frames, landmark_keypoints=clip.keypoints
    )
    with VideoWriter(path, fps) as writer:
        for picture in side_by_side(subject, result, first):
            writer.write(picture)


def side_by_side(
    subject: Subject, result: np.ndarray, first: int = 0
) -> Iterator[np.ndarray]:
    """Pictures of the video: driver, result, and whether training saw the frame.

    Args:
      subject: the clip.
      result: uint8 [T, n, n, 3], what the model made of its frames from ``first`` on.
      first: number of the first frame shown.

    Yields:
      uint8 [VIDEO_SIDE + STRIP_HEIGHT, 2 * VIDEO_SIDE, 3], sizes rounded to multiples
      of the model's.
    """
    factor = max(1, round(VIDEO_SIDE / result.shape[1]))
    trained = set(subject.split.train.tolist())
    pairs = zip(subject.clip.frames[first:], result, strict=True)
    for number, pair in enumerate(pairs, first):
        pictures = viz.side_by_side(*(viz.enlarge(frame, factor) for frame in pair))
        yield np.concatenate([pictures, _strip(pictures.shape[1], number, trained)])


def write_page(
    out: Path,
    model: Model,
    subjects: Sequence[Subject],
    results: Results,
    settings: dict[str, str],
    commands: Sequence[str],
) -> Path:
    """Writes ``index.html``, which holds everything and may be moved alone.

    Args:
      out: folder that has ``reenactment.mp4`` and the work directory ``run`` already.
      model: the model.
      subjects: the clips.
      results: of their evaluation.
      settings: what the user chose, name to value.
      commands: what to try next.

    Returns:
      Path of the page.
    """
    records = read_metrics(out / "run" / "metrics.jsonl")
    seconds = training_seconds(records)
    leaves = jax.tree.leaves(model.variables)
    story = Story(
        results=results,
        records=records,
        video=(out / "reenactment.mp4").read_bytes(),
        seconds=seconds,
        parameters=sum(leaf.size for leaf in leaves),
        facts={**settings, **_clip_facts(subjects), **machine()},
        commands=commands,
    )
    page = out / "index.html"
    replace_file(page, build_page(story))
    return page


def training_seconds(records: Sequence[dict]) -> float:
    """Time spent in training steps, from the clock in ``metrics.jsonl``."""
    seconds, last = 0.0, 0
    for record in records:
        if "clock/seconds_per_step" in record:
            seconds += record["clock/seconds_per_step"] * (record["step"] - last)
            last = record["step"]
    return seconds


def machine() -> dict[str, str]:
    """What this runs on."""
    device = jax.devices()[0]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    processor = _processor()
    accelerator = {} if device.platform == "cpu" else {"device": device.device_kind}
    return {
        "processor": f"{processor}, {cores or os.cpu_count()} cores",
        **accelerator,
        "software": f"face_jax {face_jax.__version__}, JAX {jax.__version__}, "
        f"Python {platform.python_version()}, {platform.system()}",
    }


def _clip_facts(subjects: Sequence[Subject]) -> dict[str, str]:
    first = subjects[0]
    side = first.clip.frames.shape[1]
    return {
        "clip": f"{first.clip.name}: {len(first.clip)} frames at {side} x {side} pixels, "
        f"{len(first.split.train)} of them for training",
        "source": f"frame {', '.join(map(str, first.source))}",
    }


def _processor() -> str:
    """The processor's name; the system's name for it is often empty."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return (names[0] if names else platform.processor() or platform.machine()).strip()


def _strip(width: int, number: int, trained: set[int]) -> np.ndarray:
    seen = number in trained
    strip = np.full((STRIP_HEIGHT, width, 3), SEEN if seen else UNSEEN, np.uint8)
    note = "seen in training" if seen else "never seen in training"
    viz.write_text(strip, f"frame {number}: {note}", (8, 16), viz.WHITE)
    return strip
