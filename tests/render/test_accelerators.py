"""The same picture on an accelerator as on the CPU; needs ``JAX_PLATFORMS=cuda,cpu``."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.cameras import project_weak_perspective, to_screen
from face_jax.geometry.mesh import submesh, vertex_normals
from face_jax.heads.procedural import procedural_head
from face_jax.render import rasterize
from face_jax.render.renderer import render_mesh

SIZE = (224, 224)
BATCH = 4


@pytest.fixture(scope="module")
def accelerator():
    device = jax.devices()[0]
    assert device.platform != "cpu", "set JAX_PLATFORMS=cuda,cpu on a machine with one"
    return device


@pytest.fixture(scope="module")
def head():
    return procedural_head()


def posed(head):
    sizes = 1.0 + 0.05 * np.arange(BATCH)[:, None, None] / BATCH
    vertices = np.asarray(sizes * head.template, np.float32)
    middle = (vertices[0].max(0) + vertices[0].min(0)) / 2
    scale = 1.5 / np.ptp(vertices[0][:, 1])
    camera = np.tile([scale, *-middle[:2]], (BATCH, 1)).astype(np.float32)
    return vertices, camera


def on(device, function, *arguments):
    placed = jax.device_put(arguments, device)
    return jax.tree.map(np.asarray, jax.jit(function)(*placed))


def both(accelerator, function, *arguments):
    cpu = jax.devices("cpu")[0]
    return on(accelerator, function, *arguments), on(cpu, function, *arguments)


@pytest.mark.gpu
def test_every_pixel_sees_the_same_face(accelerator, head):
    faces = np.asarray(head.faces)

    def draw(vertices, camera):
        points = to_screen(project_weak_perspective(vertices, camera))
        return rasterize(points, faces, SIZE)

    found, expected = both(accelerator, draw, *posed(head))
    same = found.pix_to_face == expected.pix_to_face
    # A centre that lies on an edge to the last bit may go to either side.
    assert same.mean() > 0.9999
    np.testing.assert_allclose(found.zbuf[same], expected.zbuf[same], atol=1e-5)


@pytest.mark.gpu
def test_pictures_and_their_gradients_are_the_same(accelerator, head):
    faces = np.asarray(head.faces)
    part = submesh(faces, np.ones(len(head.template), bool))

    def loss(vertices, camera):
        rendering = render_mesh(vertices, camera, part, SIZE)
        images = (rendering.image, rendering.fragments.zbuf)
        return sum(jnp.mean(jnp.sin(x)) for x in images), images

    def draw(vertices, camera):
        return jax.value_and_grad(loss, argnums=(0, 1), has_aux=True)(vertices, camera)

    found, expected = both(accelerator, draw, *posed(head))
    for ours, theirs in zip(found[0][1], expected[0][1], strict=True):
        assert (np.abs(ours - theirs) < 1e-4).mean() > 0.9999
    for ours, theirs in zip(found[1], expected[1], strict=True):
        assert np.linalg.norm(ours - theirs) < 1e-2 * np.linalg.norm(theirs)


@pytest.mark.gpu
def test_normals_do_not_suffer_from_coarse_products(accelerator, head):
    vertices, _ = posed(head)

    def normals(vertices):
        return vertex_normals(vertices, np.asarray(head.faces))

    found, expected = both(accelerator, normals, vertices)
    np.testing.assert_allclose(found, expected, atol=1e-5)
