"""Pictures with many outlines, all of the same shapes, as the reference has them."""

import dataclasses
import functools

import numpy as np

from face_jax.render import Fragments, Topology
from tests.render import reference, scenes
from tests.render.meshes import icosphere

BATCH, SIZE = 2, (13, 18)
NUM_VERTICES, NUM_EDGES = 84, 240


@dataclasses.dataclass(frozen=True)
class Scene:
    """Meshes, what is seen of them, and their outlines; see ``reference.outlines``."""

    vertices: np.ndarray
    edges: np.ndarray
    fragments: Fragments
    depth: np.ndarray
    found: np.ndarray
    clear: np.ndarray


def spheres():
    """A small sphere before a large one."""
    points, faces = icosphere(1)
    points = scenes.turned(points, 0.3)
    meshes = [
        np.concatenate([0.45 * points + [x, 0.1, 2], 0.9 * points + [0.2, -0.1, 4]])
        for x in (-0.6, 0.1)
    ]
    return np.stack(meshes), np.concatenate([faces, faces + len(points)])


def torn():
    """The same with corners that are nowhere, or behind the camera."""
    vertices, faces = spheres()
    vertices[0, 3], vertices[0, 50, 1] = np.nan, np.inf
    vertices[1, [7, 60], 2] = -1
    return vertices, faces


def loose():
    """Triangles through each other, some of them larger than the picture."""
    triangles = scenes.normal(4, BATCH, NUM_VERTICES // 3, 3, 3)
    triangles[..., :2] *= 0.6
    triangles[:, :3, :, :2] *= 5
    triangles[..., 2] = 3 + 0.3 * triangles[..., 2]
    faces = np.arange(NUM_VERTICES).reshape(-1, 3)
    return triangles.reshape(BATCH, -1, 3), faces


SCENES = {"spheres": spheres, "torn": torn, "loose": loose}


@functools.cache
def scene(name):
    vertices, faces = SCENES[name]()
    vertices = vertices.astype(np.float32)
    edges = Topology.from_faces(faces).edges
    pictures = [reference.draw(mesh[faces], SIZE) for mesh in vertices]
    face, weights, depth = (
        np.stack([getattr(picture, name) for picture in pictures])
        for name in ("face", "weights", "depth")
    )
    fragments = Fragments(
        face.astype(np.int32), weights.astype(np.float32), depth.astype(np.float32)
    )
    depth = np.where(face < 0, np.inf, fragments.zbuf)
    outlines = [
        reference.outlines(mesh, picture, edges)
        for mesh, picture in zip(vertices, depth, strict=True)
    ]
    found, clear = (np.stack(part) for part in zip(*outlines, strict=True))
    # Edges of nobody, so that all scenes share their shapes.
    nobody = np.full((NUM_EDGES - len(edges), 4), -1, np.int32)
    edges = np.concatenate([edges, nobody])
    return Scene(vertices, edges, fragments, depth, found, clear)
