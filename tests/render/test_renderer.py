import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.mesh import submesh
from face_jax.render import render_mesh
from tests.render import reference, scenes
from tests.render.meshes import icosphere

SIZE = (24, 20)
LAMPS = np.array([[-1, 1, 1], [1, 1, 1], [-1, -1, 1], [1, -1, 1], [0, 0, 1.0]])
POINTS, FACES = icosphere(2)
WHOLE = submesh(FACES, np.ones(len(POINTS), bool))
PART = submesh(FACES, POINTS[:, 1] > -0.2)
VERTICES = (0.1 * np.stack([POINTS, POINTS * [0.8, 1.1, 1]])).astype(np.float32)
CAMERA = np.array([[7.0, 0.01, -0.02], [9.0, -0.03, 0.01]], np.float32)


PARTS = {"whole": WHOLE, "part": PART}
ALBEDOS = {"whole": 180 / 255, "part": 0.3}


@functools.cache
def rendered(name):
    settings = {} if name == "whole" else {"albedo": ALBEDOS[name]}
    render = jax.jit(lambda v, c: render_mesh(v, c, PARTS[name], SIZE, **settings))
    return jax.tree.map(np.asarray, render(VERTICES, CAMERA))


def published(vertices, camera, faces, albedo):
    """The picture of one mesh and its clear pixels, from the published recipe."""
    vertices, (scale, x, y) = vertices.astype(float), camera.astype(float)
    sides = vertices[faces[:, 1:]] - vertices[faces[:, :1]]
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], np.cross(sides[:, 0], sides[:, 1]))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    X, Y, Z = scale * (vertices + np.array([x, y, 0])).T
    triangles = np.stack([-X, Y, 10 - Z], axis=1)[faces]
    picture = reference.draw(triangles, SIZE)
    grey = np.full((*faces.shape, 1), albedo)
    corners = np.concatenate([triangles, grey, normals[faces]], axis=2)
    _, drawn = reference.surface(corners, picture.face)
    lamps = LAMPS / np.linalg.norm(LAMPS, axis=1, keepdims=True)
    light = np.mean(1.7 * np.clip(drawn[..., 2:] @ lamps.T, 0, 1), axis=-1)
    return drawn[..., 1] * light, picture.clear


@pytest.mark.parametrize("name", ["whole", "part"])
def test_pictures_are_those_of_the_published_recipe(name):
    part = PARTS[name]
    images = rendered(name).image
    assert images.shape == (2, *SIZE, 1) and images.dtype == np.float32
    for index, image in enumerate(images):
        drawn = VERTICES[index, part.vertices]
        expected, clear = published(drawn, CAMERA[index], part.faces, ALBEDOS[name])
        assert clear.mean() > 0.8 and 0.15 < (expected > 0).mean() < 0.8
        np.testing.assert_allclose(image[clear, 0], expected[clear], atol=1e-4)


def test_a_part_looks_as_in_the_whole_where_nothing_else_touches():
    whole, part = rendered("whole"), rendered("part")
    kept = np.zeros(len(FACES), bool)
    kept[PART.kept_faces] = True
    lonely = np.ones(len(POINTS), bool)
    lonely[FACES[~kept]] = False
    inner = lonely[FACES].all(axis=1)
    seen = whole.fragments.pix_to_face
    same = (seen >= 0) & inner[seen]
    assert same.mean() > 0.1
    faces = part.fragments.pix_to_face
    np.testing.assert_array_equal(PART.kept_faces[faces[same]], seen[same])
    images = [
        drawn.image / ALBEDOS[name]
        for drawn, name in ((whole, "whole"), (part, "part"))
    ]
    np.testing.assert_allclose(images[1][same], images[0][same], atol=2e-6)
    assert not np.allclose(images[0], images[1])


def test_all_vertices_are_projected_but_only_drawn_ones_have_normals():
    part = rendered("part")
    x, y, z = np.moveaxis(VERTICES.astype(float), -1, 0)
    scale, right, up = CAMERA.T[..., None].astype(float)
    expected = np.stack([scale * (x + right), -scale * (y + up), -scale * z], axis=-1)
    np.testing.assert_allclose(part.projected, expected, atol=1e-6)
    assert part.normals.shape == (2, len(PART.vertices), 3)
    np.testing.assert_allclose(np.linalg.norm(part.normals, axis=-1), 1, atol=1e-5)


def test_bfloat16_is_drawn_in_float32():
    rounded = [jnp.asarray(array, jnp.bfloat16) for array in (VERTICES, CAMERA)]

    def render(vertices, camera):
        return render_mesh(vertices, camera, WHOLE, SIZE)

    assert "bfloat16" not in scenes.types_within(render, *rounded)


@pytest.mark.parametrize(
    ("vertices", "camera", "message"),
    [
        ((162, 3), (2, 3), r"vertices: expected floats \[B, V, 3\], got .*\(162, 3\)"),
        ((2, 162, 2), (2, 3), r"vertices: expected floats \[B, V, 3\], got .*, 2\)"),
        ((2, 99, 3), (2, 3), r"vertices: expected at least 162 .* got 99"),
        ((2, 162, 3), (3, 3), r"camera: expected \(2, 3\), got \(3, 3\)"),
        ((2, 162, 3), (3,), r"camera: expected \(2, 3\), got \(3,\)"),
        ((2, 162, 3), (2, 4), r"camera: expected \(2, 3\), got \(2, 4\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(vertices, camera, message):
    with pytest.raises(ValueError, match=message):
        render_mesh(jnp.zeros(vertices), jnp.zeros(camera), WHOLE, SIZE)
