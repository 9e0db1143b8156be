"""What of the renderer is timed, against the dense oracle."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.bench.cases import Case
from face_jax.bench.results import Measurement
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


GROUP, ORACLE = "render", "render oracle"
"""Groups of cases: the renderer, and the dense oracle of the same library."""
IMPLEMENTATIONS = {GROUP: "blocks", ORACLE: "dense"}
"""Group to the name of its search for the face that a pixel sees."""


def render_cases(
    head: HeadModel, image_size: tuple[int, int], batches: Sequence[int]
) -> Iterator[Case]:
    """The whole head and its face; at batch 1 by the dense oracle too.

    Args:
      head: the model; needs the region ``face``.
      image_size: (height, width) in pixels.
      batches: numbers of meshes at a time.

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
            arguments = _posed(head, batch)
            for group in (GROUP, ORACLE)[: 2 if batch == 1 else 1]:
                functions = stages(part, image_size, IMPLEMENTATIONS[group])
                for stage, function in functions.items():
                    label = f"{stage}, {name} of {len(part.faces)} faces, batch {batch}"
                    yield Case(label, function, arguments, group, pictures=batch)


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


def oracle_table(measurement: Measurement) -> Table:
    """Times of the renderer, and how many times faster than the oracle it is.

    Args:
      measurement: of all ``render_cases``, others may be among them.
    """
    oracle = {
        case.name: case.median for case in measurement.cases if case.group == ORACLE
    }
    rows: list[list[Cell]] = []
    for case in measurement.cases:
        if case.group != GROUP:
            continue
        name, batch = case.name.rsplit(" ", 1)
        dense = int(batch) * oracle[f"{name} 1"]
        row: list[Cell] = [case.name, 1e3 * case.median, 1e3 * dense]
        rows.append([*row, round(dense / case.median)])
    title = "The dense oracle beside it; at batch 8 it counts as eight times batch 1"
    return Table(title, ("", "ms", "oracle, ms", "times faster"), rows, decimals=1)
