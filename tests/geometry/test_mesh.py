import jax
import jax.numpy as jnp
import numpy as np
import pytest
import trimesh

from face_jax.geometry import mesh
from tests.geometry import reference

vertex_normals = jax.jit(mesh.vertex_normals)

FACES = np.array([[0, 1, 2], [0, 2, 3], [3, 2, 4]], np.int32)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def crosses(vertices, faces):
    """Normals [F, 3] of faces in float64, of length twice their areas."""
    rows = [vertices[face] for face in faces]
    return np.stack([np.cross(b - a, c - a) for a, b, c in rows])


def unit_normals(vertices, faces):
    """Vertex by vertex, the direction of the sum over its faces."""
    of_faces = crosses(vertices, faces)
    sums = np.stack(
        [of_faces[(faces == row).any(axis=1)].sum(0) for row in range(len(vertices))]
    )
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def test_corners_are_rows_of_the_vertices():
    attributes = normal(0, 2, 5, 4)
    found = mesh.face_corners(jnp.asarray(attributes), FACES)
    assert found.shape == (2, 3, 3, 4)
    np.testing.assert_array_equal(found[1, 2, 0], np.float32(attributes[1, 3]))


def test_face_normals_are_twice_the_area_and_point_out():
    triangle = jnp.array([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]])  # counter-clockwise
    found = mesh.face_normals(triangle, np.array([[0, 1, 2], [0, 2, 1]]))
    np.testing.assert_array_equal(found, [[0, 0, 6], [0, 0, -6]])


def test_normals_of_an_icosahedron_are_its_radii():
    """Five equal faces around every vertex."""
    solid = trimesh.creation.icosphere(subdivisions=0, radius=0.1)
    found = vertex_normals(jnp.float32(solid.vertices), solid.faces)
    np.testing.assert_allclose(found, solid.vertices / 0.1, atol=1e-6)


def test_normals_of_a_sphere_are_its_radii_within_a_degree():
    sphere = trimesh.creation.icosphere(subdivisions=3, radius=0.1)
    found = vertex_normals(jnp.float32(sphere.vertices), sphere.faces)
    cosine = np.sum(np.asarray(found, np.float64) * sphere.vertices / 0.1, axis=1)
    assert np.rad2deg(np.arccos(np.minimum(cosine, 1))).max() < 1.0


def test_vertex_normals_are_weighted_by_area_in_every_row_of_a_batch():
    vertices = normal(0, 2, 3, 5, 3)
    found = vertex_normals(jnp.float32(vertices), FACES)
    for place in np.ndindex(2, 3):
        expected = unit_normals(vertices[place], FACES)
        np.testing.assert_allclose(found[place], expected, atol=1e-5)


def test_a_large_face_outweighs_a_small_one():
    """Areas 1/2 and 2 at right angles: the normal leans one part in four."""
    vertices = jnp.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 4.0]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    found = vertex_normals(vertices, faces)
    np.testing.assert_allclose(found[0], np.array([4, 0, 1]) / 17**0.5, rtol=1e-6)


def test_normals_turn_with_the_mesh():
    vertices, turn = normal(0, 5, 3), reference.exponential([0.3, -1.0, 2.0])
    still = vertex_normals(jnp.float32(vertices), FACES)
    turned = vertex_normals(jnp.float32(vertices @ turn.T), FACES)
    np.testing.assert_allclose(turned, np.asarray(still, float) @ turn.T, atol=1e-5)


def test_gradients_of_normals_are_differences():
    vertices, sought = normal(0, 5, 3), normal(1, 5, 3)

    def found(vertices):
        return jnp.sum(sought * mesh.vertex_normals(vertices, FACES))

    gradient = jax.jit(jax.grad(found))(jnp.float32(vertices))
    (expected,) = reference.slopes(
        lambda v: np.sum(sought * unit_normals(v, FACES)), [vertices]
    )
    np.testing.assert_allclose(gradient, expected, atol=1e-4)


def test_a_vertex_without_faces_has_no_normal():
    vertices = jnp.float32(normal(0, 6, 3))
    np.testing.assert_array_equal(mesh.vertex_normals(vertices, FACES)[5], [0, 0, 0])


def test_tiny_faces_have_short_normals():
    """Twice the area, 1e-8 square metres, over the smallest norm of 1e-6."""
    triangle = jnp.array([[0.0, 0, 0], [1e-4, 0, 0], [0, 1e-4, 0]])
    found = vertex_normals(triangle, np.array([[0, 1, 2]]))
    np.testing.assert_allclose(found, [[0, 0, 1e-2]] * 3, rtol=1e-5)


@pytest.mark.parametrize(
    "vertices",
    [np.zeros((5, 3)), np.outer(np.arange(5), [1, 2, 3]), np.full((5, 3), 1e-20)],
    ids=["a point", "a line", "underflow"],
)
def test_values_and_gradients_are_finite_without_area(vertices):
    vertices, sought = jnp.float32(vertices), normal(1, 5, 3)

    def loss(vertices):
        return jnp.sum(sought * mesh.vertex_normals(vertices, FACES))

    value, gradient = jax.jit(jax.value_and_grad(loss))(vertices)
    assert value == 0 and np.isfinite(gradient).all()


def test_a_part_keeps_the_faces_whose_vertices_all_stay():
    part = mesh.submesh(FACES, np.array([True, False, True, True, True]))
    np.testing.assert_array_equal(part.vertices, [0, 2, 3, 4])
    np.testing.assert_array_equal(part.kept_faces, [1, 2])
    np.testing.assert_array_equal(part.vertices[part.faces], FACES[1:])
    assert part.vertices.dtype == part.faces.dtype == part.kept_faces.dtype == np.int32


@pytest.mark.parametrize(("kept", "faces"), [(True, 3), (False, 0)])
def test_a_part_may_be_everything_or_nothing(kept, faces):
    part = mesh.submesh(FACES, np.full(5, kept))
    assert part.faces.shape == (faces, 3) and len(part.vertices) == 5 * kept
    np.testing.assert_array_equal(part.faces, FACES[:faces])


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (np.ones(5), r"kept: expected bool \[V\], got float64 \(5,\)"),
        (np.ones((5, 1), bool), r"kept: expected bool \[V\], got bool \(5, 1\)"),
        (np.ones(4, bool), r"faces: expected rows in \[0, 4\), got 0 to 4"),
    ],
)
def test_flags_that_do_not_fit_are_refused(kept, message):
    with pytest.raises(ValueError, match=message):
        mesh.submesh(FACES, kept)


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (np.zeros((2, 4), int), r"faces: expected integers \[F, 3\], got int64 \(2, 4"),
        (np.zeros(3, int), r"faces: expected integers \[F, 3\], got int64 \(3,\)"),
        (np.zeros((2, 3)), r"faces: expected integers \[F, 3\], got float64 \(2, 3\)"),
        (FACES - 1, r"faces: expected rows in \[0, 5\), got -1 to 3"),
        (FACES + 1, r"faces: expected rows in \[0, 5\), got 1 to 5"),
    ],
)
def test_faces_that_are_no_triangles_of_the_vertices_are_refused(faces, message):
    with pytest.raises(ValueError, match=message):
        mesh.check_faces(faces, 5)
    with pytest.raises(ValueError, match="cut_faces: expected"):
        mesh.check_faces(faces, 5, "cut_faces")


def test_faces_of_the_vertices_pass():
    mesh.check_faces(FACES, 5)
    mesh.check_faces(np.zeros((0, 3), np.uint8), 0)
