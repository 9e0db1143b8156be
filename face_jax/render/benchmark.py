"""How long the renderer takes, case by case, against the dense oracle."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.cameras import project_weak_perspective, to_screen
from face_jax.geometry.head import HeadModel, template_height
from face_jax.geometry.mesh import Submesh, submesh, vertex_normals
from face_jax.render.rasterize import rasterize, rasterize_attributes
from face_jax.render.renderer import shade, surface_attributes
from face_jax.render.surface import values_at
from face_jax.render.visibility import visible_faces
from face_jax.tables import Cell, Table
from face_jax.types import Array

FILLED = 1.7
"""Height of the head in the picture, in half pictures."""
STAGES = (
    "visibility",
    "rasterize",
    "rasterize + gradient",
    "render",
    "render + gradient",
)
"""What is timed: which face every pixel sees; with weights and depth; the shaded
picture of posed vertices with its normals; and both with gradients of all vertices."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing to time.

    Attributes:
      stage: one of ``STAGES``.
      part: name of the mesh.
      faces: its number of faces.
      batch: meshes at a time.
      dense: by the dense oracle.
      run: does it once and waits for the end.
    """

    stage: str
    part: str
    faces: int
    batch: int
    dense: bool
    run: Callable[[], None]


@dataclasses.dataclass(frozen=True)
class Timing:
    """Times of a case over all rounds, seconds.

    Attributes:
      wall: [rounds] of the clock.
      cpu: [rounds] of all threads of the process.
    """

    wall: list[float]
    cpu: list[float]


def cases(
    head: HeadModel, image_size: tuple[int, int], batches: Sequence[int]
) -> Iterator[Case]:
    """All cases: the whole head and its face, and at batch 1 the dense oracle too.

    Args:
      head: the model; needs the region ``face``.
      image_size: (height, width) in pixels.
      batches: numbers of meshes at a time.

    Yields:
      Cases, compiled and run once.

    Raises:
      ValueError: the head has no such region.
    """
    if "face" not in head.regions:
        has = ", ".join(sorted(head.regions)) or "none"
        raise ValueError(f"head {head.name!r} has no region 'face', it has: {has}")
    faces = np.asarray(head.faces)
    everything = np.ones(len(head.template), bool)
    masks = {"head": everything, "face": np.asarray(head.regions["face"])}
    for name, mask in masks.items():
        part = submesh(faces, mask)
        for batch in batches:
            vertices, camera = _posed(head, batch)
            for dense in (False, True)[: 2 if batch == 1 else 1]:
                functions = stages(part, image_size, "dense" if dense else "blocks")
                for stage, function in functions.items():
                    run = _compiled(function, vertices, camera)
                    yield Case(stage, name, len(part.faces), batch, dense, run)


def _posed(head: HeadModel, batch: int) -> tuple[Array, Array]:
    """Heads [B, V, 3] of slightly different sizes, and cameras that show them."""
    sizes = 1.0 + 0.02 * jnp.arange(batch)[:, None, None] / batch
    middle = (head.template.max(0) + head.template.min(0)) / 2
    scale = FILLED / template_height(head)
    camera = jnp.stack([scale, *-middle[:2]])
    return sizes * head.template, jnp.tile(camera, (batch, 1))


def stages(
    part: Submesh, image_size: tuple[int, int], implementation: str
) -> Mapping[str, Callable[[Array, Array], Any]]:
    """Functions of vertices [B, V, 3] and camera [B, 3] by the names of ``STAGES``."""

    def screen(vertices: Array, camera: Array) -> Array:
        drawn = vertices[:, part.vertices]
        return to_screen(project_weak_perspective(drawn, camera))

    def visibility(vertices: Array, camera: Array) -> Array:
        triangles = values_at(screen(vertices, camera), part.faces)
        return visible_faces(triangles, image_size, implementation=implementation)

    def raster(vertices: Array, camera: Array) -> tuple[Array, Array]:
        points = screen(vertices, camera)
        found = rasterize(points, part.faces, image_size, implementation=implementation)
        return found.bary, found.zbuf

    def picture(vertices: Array, camera: Array) -> tuple[Array]:
        normals = vertex_normals(vertices[:, part.vertices], part.faces)
        _, drawn = rasterize_attributes(
            screen(vertices, camera),
            part.faces,
            image_size,
            surface_attributes(normals),
            implementation=implementation,
        )
        return (shade(drawn),)

    functions = (visibility, raster, _with_gradient(raster), picture)
    return dict(zip(STAGES, (*functions, _with_gradient(picture)), strict=True))


def _with_gradient(function: Callable) -> Callable:
    def loss(vertices: Array, camera: Array) -> Array:
        results = function(vertices, camera)
        return sum((jnp.sum(jnp.sin(x)) for x in results), start=jnp.zeros(()))

    return jax.value_and_grad(loss)


def _compiled(function: Callable, *arguments: Array) -> Callable[[], None]:
    program = jax.jit(function).lower(*arguments).compile()

    def run() -> None:
        jax.block_until_ready(program(*arguments))

    run()
    return run


def measure(
    found: Sequence[Case],
    rounds: int,
    repeats: int,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Timing]:
    """Times all cases in turn, round after round, so that all see the same machine.

    Args:
      found: the cases.
      rounds: how often the whole list is gone through.
      repeats: times in a row that a case runs in a round; the fastest counts. Cases of
        the oracle run once.
      progress: told how many rounds are done.

    Returns:
      Times of the cases.
    """
    timings = [Timing([], []) for _ in found]
    for number in range(rounds):
        for case, timing in zip(found, timings, strict=True):
            times = [_time(case.run) for _ in range(1 if case.dense else repeats)]
            wall, cpu = (min(column) for column in zip(*times, strict=True))
            timing.wall.append(wall)
            timing.cpu.append(cpu)
        progress(number + 1)
    return timings


def _time(run: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def timing_table(found: Sequence[Case], timings: Sequence[Timing]) -> Table:
    """Fastest times, and how many times faster than the oracle."""
    best = {
        (case.stage, case.part, case.batch, case.dense): min(timing.wall)
        for case, timing in zip(found, timings, strict=True)
    }
    rows: list[list[Cell]] = []
    for case, timing in zip(found, timings, strict=True):
        if case.dense:
            continue
        wall = min(timing.wall)
        oracle = case.batch * best[(case.stage, case.part, 1, True)]
        row: list[Cell] = [f"{case.stage}, {case.part}", case.faces, case.batch]
        row += [1e3 * wall, 1e3 * min(timing.cpu), 1e3 * oracle]
        rows.append([*row, round(oracle / wall)])
    header = ("", "faces", "batch", "ms", "CPU ms", "oracle ms", "times faster")
    title = "Fastest of all rounds; the oracle at batch 8 counts as eight times batch 1"
    return Table(title, header, rows, decimals=1)
