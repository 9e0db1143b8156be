"""Parts of the renderer: rasterization, and SMIRK's picture of a mesh."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.cameras import project_weak_perspective
from face_jax.geometry.mesh import Submesh, submesh
from face_jax.render import rasterize, render_mesh
from face_jax.render.rasterize import evaluate
from face_jax.render.surface import values_at
from tests.parity.fixture import Check, Fixture, Part

BARY_ATOL = 1e-4
DEPTH_RTOL = 1e-5
RASTER_GRADIENT_SHARE = 1e-3
IMAGE_ATOL = 2e-4
NORMAL_ATOL = 1e-5
RENDER_GRADIENT_SHARE = 2e-3
POSITION_RTOL = 1e-6
U16_SCALE = 65535 / 1.6
"""Stored 16-bit pictures are the rounded product with this."""


def rasterization(fixture: Fixture) -> Iterator[Check]:
    """Visible faces, weights, depths, and the gradient of a random loss."""
    meta, stored = fixture.meta, fixture.outputs
    vertices = jnp.asarray(fixture.inputs["verts"])
    faces = fixture.inputs["faces"].astype(np.int32)
    size = (meta["H"], meta["W"])
    drawn = jax.jit(
        lambda vertices: rasterize(
            vertices,
            faces,
            size,
            cull_backfaces=meta["cull_backfaces"],
            perspective_correct=meta["perspective_correct"],
        )
    )(vertices)
    clear = ~_ambiguous(fixture, drawn.pix_to_face.shape)
    yield _where("pix_to_face", drawn.pix_to_face, stored["pix_to_face"], clear, 0)
    index = stored["sample_index"]
    known = clear.reshape(-1)[index]
    bary = np.asarray(drawn.bary).reshape(-1, 3)[index]
    area = _areas(np.asarray(vertices), faces, np.asarray(drawn.pix_to_face), index)
    atol = (BARY_ATOL + 1e-7 / area)[:, None]
    yield _where("bary_at", bary, stored["bary_at"], known[:, None], atol)
    depth = np.asarray(drawn.zbuf).reshape(-1)[index]
    atol = DEPTH_RTOL * np.abs(stored["zbuf_at"])
    yield _where("zbuf_at", depth, stored["zbuf_at"], known, atol)
    # Where rounding decides, the published choice: coplanar faces share a gradient.
    seen = np.where(clear, drawn.pix_to_face, stored["pix_to_face"]).astype(np.int32)
    weights = _random((meta["B"], *size, 4), meta["grad_seed"])

    def loss(vertices: jax.Array) -> jax.Array:
        corners = values_at(vertices, faces)
        found, _ = evaluate(corners, seen, meta["perspective_correct"])
        of_bary = jnp.sum(found.bary * weights[..., :3])
        return of_bary + jnp.sum(found.zbuf * weights[..., 3])

    gradient = jax.jit(jax.grad(loss))(vertices)
    yield _share("grad_verts", gradient, stored, RASTER_GRADIENT_SHARE)


def smirk_picture(fixture: Fixture) -> Iterator[Check]:
    """SMIRK's picture, its normals and points, and gradients of a random loss."""
    meta, given, stored = fixture.meta, fixture.inputs, fixture.outputs
    part = _part(fixture)
    size = (meta["size"], meta["size"])
    # Three equal channels: the published loss weighs their sum.
    weights = _random((meta["B"], 3, *size), meta["grad_seed"]).sum(1)[..., None]

    def loss(vertices: jax.Array, camera: jax.Array) -> tuple[jax.Array, tuple]:
        rendering = render_mesh(vertices, camera, part, size)
        return jnp.sum(rendering.image * weights), rendering

    moved = jax.jit(jax.grad(loss, argnums=(0, 1), has_aux=True))
    (of_vertices, of_camera), rendering = moved(given["vertices"], given["cam"])
    image = np.asarray(rendering.image)[..., 0]
    clear = ~_ambiguous(fixture, image.shape)
    index = stored["sample_index"]
    known = clear.reshape(-1)[index]
    sampled = image.reshape(-1)[index]
    yield _where("image0_at", sampled, stored["image0_at"], known, IMAGE_ATOL)
    whole = stored["image_u16"] / U16_SCALE
    yield _where("image_u16", image, whole, clear, IMAGE_ATOL + 0.5 / U16_SCALE)
    yield Check("normals", rendering.normals, stored["normals"], NORMAL_ATOL)
    projected = np.asarray(rendering.projected)
    if not meta["masked"]:
        # The published code adds the screen's depth to what it returns, if it draws
        # the whole head.
        projected = projected + np.float32([0, 0, 10])
    expected = stored["transformed_vertices"]
    atol = POSITION_RTOL * np.abs(expected).max()
    yield Check("transformed_vertices", projected, expected, atol)
    if "masked_faces" in stored:
        yield Check("masked_faces", part.faces, stored["masked_faces"], 0)
    if "landmarks" in stored:
        yield from _landmarks(fixture)
    yield _share("grad_vertices", of_vertices, stored, RENDER_GRADIENT_SHARE)
    yield _share("grad_cam", of_camera, stored, RENDER_GRADIENT_SHARE)


def _landmarks(fixture: Fixture) -> Iterator[Check]:
    given, stored = fixture.inputs, fixture.outputs
    # The first vertices stand for landmarks.
    points = given["vertices"][:, : stored["landmarks"].shape[1]]
    projected = project_weak_perspective(points, given["cam"])[..., :2]
    yield Check("landmarks", projected, stored["landmarks"], POSITION_RTOL * 10)


def _part(fixture: Fixture) -> Submesh:
    given = fixture.inputs
    faces = given["faces"].astype(np.int32)
    kept = np.zeros(given["vertices"].shape[1], bool)
    kept[given.get("vertex_mask", np.arange(len(kept)))] = True
    return submesh(faces, kept)


def _random(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.RandomState(seed).standard_normal(shape).astype(np.float32)


def _ambiguous(fixture: Fixture, shape: tuple[int, ...]) -> np.ndarray:
    """Pixels whose face is decided by rounding, bool [B, H, W]."""
    bits = np.unpackbits(fixture.outputs["ambiguous"])
    return bits[: int(np.prod(shape))].reshape(shape).astype(bool)


def _areas(
    vertices: np.ndarray, faces: np.ndarray, drawn: np.ndarray, index: np.ndarray
) -> np.ndarray:
    """Areas of the faces at flat pixels, tiny for none."""
    batch = index // drawn[0].size
    corners = vertices[batch[:, None], faces[drawn.reshape(-1)[index]], :2]
    edges = corners[:, 1:] - corners[:, :1]
    doubled = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    return np.maximum(np.abs(doubled) / 2, 1e-12)


def _where(name, actual, expected, where, atol) -> Check:
    """Compares entries where they are decided; the others count as equal."""
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    return Check(name, np.where(where, actual, expected), expected, atol)


def _share(name: str, actual, stored, share: float) -> Check:
    return Check(name, actual, stored[name], share * np.abs(stored[name]).max())


PARTS: dict[str, Part] = {
    "rasterize": rasterization,
    "smirk_render": smirk_picture,
}
