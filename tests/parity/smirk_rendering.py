"""Parts of SMIRK's renderer: light, and a picture from a given rasterization."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.cameras import project_weak_perspective, to_screen
from face_jax.geometry.mesh import submesh, vertex_normals
from face_jax.render import Fragments, directional_shading, interpolate
from face_jax.render.renderer import shade, surface_attributes
from tests.parity.fixture import Check, Fixture, Part
from tests.parity.smirk_geometry import synthetic_assets

SHADING_SHARE = 1e-4
IMAGE_ATOL = 1e-5
VERTEX_ATOL = 1e-6
GRADIENT_SHARE = 1e-4


def directional_light(fixture: Fixture) -> Iterator[Check]:
    """Shading of normals under lamps of their own for every item."""
    normals, lights = fixture.inputs["normals"], fixture.inputs["lights"]
    shading = jax.vmap(directional_shading)(normals, lights[..., :3], lights[..., 3:])
    expected = fixture.outputs["shading"]
    atol = SHADING_SHARE * (np.abs(expected).max() + np.abs(expected))
    yield Check("shading", shading, expected, atol)


def renderer(fixture: Fixture) -> Iterator[Check]:
    """Projection, cut mesh, normals, picture, and the gradient through the normals."""
    given, stored = fixture.inputs, fixture.outputs
    synthetic = fixture.meta["synthetic"]
    assets = synthetic_assets(synthetic["seed"], tuple(synthetic["topology"]))
    vertices, camera = given["vertices"], given["cam"]
    kept = np.zeros(vertices.shape[1], bool)
    kept[assets["mask_face"]] = True
    part = submesh(assets["f"].astype(np.int32), kept)
    yield Check("faces_rendered", part.faces, stored["faces_rendered"], 0)

    projected = project_weak_perspective(vertices, camera)
    screen = to_screen(projected[:, part.vertices])
    yield Check("transformed_vertices", projected, *_of(stored, "transformed_vertices"))
    yield Check("rasterizer_verts", screen, *_of(stored, "rasterizer_verts"))
    for name in ("landmarks_fan", "landmarks_mp"):
        points = project_weak_perspective(given[f"{name}_world"], camera)[..., :2]
        yield Check(name, points, *_of(stored, name))

    fragments = _fragments(given, len(part.faces))
    yield Check("alpha", fragments.mask, stored["alpha"], 0)

    def draw(vertices: jax.Array) -> tuple[jax.Array, jax.Array]:
        normals = vertex_normals(vertices[:, part.vertices], part.faces)
        drawn = interpolate(fragments, surface_attributes(normals), part.faces)
        # The published picture has three equal channels, before the pixels.
        image = jnp.repeat(shade(drawn).transpose(0, 3, 1, 2), 3, axis=1)
        return image, normals

    image, normals = draw(vertices)
    yield Check("vertex_normals", normals, *_of(stored, "vertex_normals"))
    yield Check("rendered_img", image, stored["rendered_img"], IMAGE_ATOL)
    gradient = jax.grad(lambda v: jnp.sum(draw(v)[0] * given["cot_img"]))(vertices)
    expected = stored["grad_vertices_shading_only"]
    atol = GRADIENT_SHARE * np.abs(expected).max()
    yield Check("grad_vertices_shading_only", gradient, expected, atol)


def _of(stored: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, float]:
    return stored[name], VERTEX_ATOL


def _fragments(given: dict[str, np.ndarray], num_faces: int) -> Fragments:
    """The stored rasterization; it counts faces over the whole batch."""
    packed, bary = given["pix_to_face"], given["bary"]
    first = np.arange(len(packed))[:, None, None] * num_faces
    seen = np.where(packed < 0, -1, packed - first).astype(np.int32)
    shown = (seen >= 0)[..., None]
    return Fragments(
        jnp.asarray(seen), jnp.where(shown, bary, 0.0), jnp.zeros(seen.shape)
    )


PARTS: dict[str, Part] = {
    "renderer": renderer,
    "directional_light": directional_light,
}
