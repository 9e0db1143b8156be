"""GLB: binary glTF 2.0, of one mesh or of one that changes its shape.

Shapes are stored as morph targets, which Blender opens as shape keys and which viewers
on the web play.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from face_jax.mesh_files.surface import Surface

if TYPE_CHECKING:
    from trimesh import Trimesh

_FLOAT = 5126
_TYPES = {1: "SCALAR", 3: "VEC3"}


def to_glb(
    surface: Surface,
    shapes: Sequence[np.ndarray] = (),
    names: Sequence[str] = (),
    times: np.ndarray | None = None,
) -> bytes:
    """A GLB file.

    Args:
      surface: the mesh; vertices on seams of the texture are doubled.
      shapes: [V, 3] float32 vertices each, as morph targets.
      names: of the shapes.
      times: [T] seconds at which shape after shape is shown, blended in between; None
        is no animation.

    Returns:
      The bytes of the file.
    """
    # Imported here: it takes as long as JAX, and other formats do without it.
    from trimesh.exchange.gltf import export_glb

    rows, _, _ = surface.seams()
    normals = surface.normals()

    def add_shapes(buffers: dict[Any, bytes], tree: dict[str, Any]) -> None:
        add = _adder(buffers, tree["accessors"])
        targets = [_target(surface, shape, normals, rows, add) for shape in shapes]
        tree["meshes"][0]["primitives"][0]["targets"] = targets
        tree["meshes"][0]["weights"] = [0.0] * len(shapes)
        tree["meshes"][0]["extras"] = {"targetNames": list(names)}
        if times is not None:
            node = next(i for i, n in enumerate(tree["nodes"]) if "mesh" in n)
            tree["animations"] = [_animation(times, node, add)]

    return export_glb(
        _as_trimesh(surface, normals).scene(),
        include_normals=True,
        buffer_postprocessor=add_shapes if len(shapes) else None,
    )


def _as_trimesh(surface: Surface, normals: np.ndarray) -> "Trimesh":
    from trimesh import Trimesh
    from trimesh.visual import TextureVisuals
    from trimesh.visual.material import PBRMaterial

    rows, texture_rows, faces = surface.seams()
    visual = TextureVisuals(
        uv=None if surface.uvs is None else surface.uvs[texture_rows],
        material=PBRMaterial(metallicFactor=0.0, roughnessFactor=0.7, doubleSided=True),
    )
    if surface.colors is not None:
        linear = _to_linear(np.clip(surface.colors[rows], 0, 1))
        opaque = np.concatenate([linear, np.ones((len(rows), 1))], axis=1)
        visual.vertex_attributes["color"] = np.rint(255 * opaque).astype(np.uint8)
    return Trimesh(
        vertices=surface.vertices[rows],
        faces=faces,
        vertex_normals=normals[rows],
        visual=visual,
        process=False,
        validate=False,
    )


def _to_linear(colors: np.ndarray) -> np.ndarray:
    """Light of displayed (sRGB) colours, which glTF asks for."""
    bright = ((colors + 0.055) / 1.055) ** 2.4
    return np.where(colors <= 0.04045, colors / 12.92, bright)


def _target(
    surface: Surface,
    shape: np.ndarray,
    normals: np.ndarray,
    rows: np.ndarray,
    add: Callable[[np.ndarray], int],
) -> dict[str, int]:
    moved = surface.with_vertices(shape)
    return {
        "POSITION": add((moved.vertices - surface.vertices)[rows]),
        "NORMAL": add((moved.normals() - normals)[rows]),
    }


def _animation(
    times: np.ndarray, node: int, add: Callable[[np.ndarray], int]
) -> dict[str, Any]:
    weights = np.eye(len(times), dtype=np.float32).reshape(-1, 1)
    sampler = {
        "input": add(np.asarray(times, np.float32)[:, None]),
        "output": add(weights),
        "interpolation": "LINEAR",
    }
    channel = {"sampler": 0, "target": {"node": node, "path": "weights"}}
    return {"name": "frames", "samplers": [sampler], "channels": [channel]}


def _adder(
    buffers: dict[Any, bytes], accessors: dict[Any, dict[str, Any]]
) -> Callable[[np.ndarray], int]:
    """A function that stores an array [n, 1 or 3] float32 and gives its number."""

    def add(array: np.ndarray) -> int:
        key = ("shape", len(accessors))
        buffers[key] = np.ascontiguousarray(array, "<f4").tobytes()
        accessors[key] = {
            "bufferView": len(buffers) - 1,
            "componentType": _FLOAT,
            "type": _TYPES[array.shape[1]],
            "count": len(array),
            "min": array.min(axis=0).tolist(),
            "max": array.max(axis=0).tolist(),
        }
        return len(accessors) - 1

    return add
