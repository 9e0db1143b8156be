"""How FSRT's cost grows: with queries, with sources, with the length of a clip."""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from face_jax.bench.memory import resident_growth
from face_jax.bench.results import Measurement
from face_jax.cli.fsrt_cases import (
    GROUP,
    project,
    random_latent,
    random_model,
    random_motion,
)
from face_jax.fsrt.model import Scene
from face_jax.fsrt.motion import MotionOptions
from face_jax.fsrt.streaming import DrivingChunk, stream
from face_jax.plots import Panel, plot_panels
from face_jax.tables import Cell, Table

CHUNK = 4
CLIP_FRAMES = (4, 8, 16, 32)
"""Lengths of the clips whose memory is measured, chunk by chunk."""
CLIP_SIDE = 32
"""Side of the pictures that are made of them, pixels: few, for the clips' sake."""


def clip_memory(networks: Mapping[str, Any]) -> dict[int, int]:
    """By how many bytes the process grows at most while clips of a length are driven.

    Args:
      networks: keywords of ``build_networks``.

    Returns:
      Frames to bytes; empty where the system does not tell.
    """
    model = random_model(networks)
    memory = project(model, random_latent(model))
    scene = Scene(memory=memory, sources=random_motion(model, 1))

    def drive(frames: int) -> None:
        size = (CLIP_SIDE, CLIP_SIDE)
        chunks = _clip(frames, model.image_size)
        for _ in stream(model, scene, chunks, MotionOptions(), size=size, chunk=CHUNK):
            pass

    drive(CHUNK)
    grown = {}
    for frames in CLIP_FRAMES:
        count = resident_growth(functools.partial(drive, frames))
        if count is not None:
            grown[frames] = count
    return grown


def growth_table(memory: Mapping[int, int]) -> Table:
    """Memory by the length of a clip."""
    rows: list[list[Cell]] = [[str(n), memory[n] / 2**20] for n in memory]
    return Table("Driven clips", ("frames", "resident memory grows by, MiB"), rows)


def plot_growth(measurement: Measurement, memory: Mapping[int, int]) -> bytes:
    """A picture of time over queries and over sources, and of memory over frames.

    Args:
      measurement: of ``fsrt_cases`` of several sizes; those of the fast form count.
      memory: of ``clip_memory``.

    Returns:
      The contents of an SVG file.
    """
    decoded = _times(measurement, r"decode, (\d+) queries")
    encoded = _times(measurement, r"encode, (\d+) source pictures")
    grown = {frames: count / 2**20 for frames, count in memory.items()}
    return plot_panels(
        [
            Panel("queries of a picture", "decode, seconds", decoded),
            Panel("source pictures", "encode, seconds", encoded),
            Panel("frames of a clip", "memory grows by, MiB", grown),
        ]
    )


def _clip(frames: int, side: int) -> Iterator[DrivingChunk]:
    random = np.random.default_rng(0)
    for _ in range(0, frames, CHUNK):
        yield DrivingChunk(random.integers(0, 256, (CHUNK, side, side, 3), np.uint8))


def _times(measurement: Measurement, pattern: str) -> dict[int, float]:
    """Seconds of the fast cases that fit, by the number in their name."""
    fast = [case for case in measurement.cases if case.group == GROUP]
    found = [(re.fullmatch(pattern, case.name), case.median) for case in fast]
    return {int(match[1]): seconds for match, seconds in found if match}
