import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import LandmarkEmbedding
from face_jax.smirk import surface_sampling as sampling
from tests.render.meshes import icosphere


def sphere(level=1):
    """A bumpy sphere as a camera sees it: z away from the viewer; faces look outside."""
    points, faces = icosphere(level)
    bumps = 1 + 0.1 * np.random.default_rng(0).normal(size=(len(points), 1))
    return np.float32(0.7 * points * bumps * [1, -1, -1]), faces


def looked_at(points, faces, regions):
    """Weights triangle by triangle, in float64."""
    points = points.astype(np.float64)
    across = [
        np.cross(points[b] - points[a], points[c] - points[a]) for a, b, c in faces
    ]
    normals = np.zeros_like(points)
    for corners, normal in zip(faces, across, strict=True):
        normals[corners] += normal
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    weights = np.zeros(len(faces))
    for number, corners in enumerate(faces):
        if normals[corners, 2].mean() < 0.05:
            weights[number] = regions[number] * abs(across[number][2]) / 2
    return weights


def test_weights_are_seen_areas_times_those_of_regions():
    points, faces = sphere()
    regions = (
        np.random.default_rng(1).choice([0, 0.5, 1], len(faces)).astype(np.float32)
    )
    both = np.stack([points, points[:, [1, 0, 2]] * [1, -1, 1]]).astype(np.float32)
    found = jax.jit(sampling.sampling_weights)(both, faces, regions)
    expected = [looked_at(mesh, faces, regions) for mesh in both]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    shown = np.count_nonzero(found, axis=1)
    assert (shown > 10).all() and (shown < 0.6 * len(faces)).all()


def test_triangles_are_chosen_by_the_inverse_of_the_distribution():
    rng = np.random.default_rng(2)
    weights = rng.uniform(size=(2, 50)) * (rng.uniform(size=(2, 50)) < 0.5)
    uniforms = rng.uniform(size=(2, 400))
    given = weights.astype(np.float32), uniforms.astype(np.float32)
    found = jax.jit(sampling.choose_triangles)(*given)
    assert found.dtype == jnp.int32
    for row in range(2):
        reached = np.cumsum(weights[row]) / weights[row].sum()
        clear = np.abs(reached[:, None] - uniforms[row]).min(axis=0) > 1e-6
        assert clear.sum() > 390
        expected = [np.flatnonzero(reached > mark)[0] for mark in uniforms[row][clear]]
        np.testing.assert_array_equal(found[row][clear], expected)


def test_triangles_without_weight_are_never_chosen():
    rng = np.random.default_rng(3)
    weights = rng.uniform(size=9976) * (rng.uniform(size=9976) < 0.3)
    weights[[0, -1]] = 0
    weights = weights.astype(np.float32)
    # The floats around the marks at which triangles without weight stand.
    stands = np.cumsum(weights.astype(np.float64)) / weights.sum(dtype=np.float64)
    near = (stands[weights == 0] * 2**24)[:, None] + np.arange(-3, 4)
    uniforms = np.clip(near / 2**24, 0, 1 - 2**-24).astype(np.float32).reshape(-1)
    found = jax.jit(sampling.choose_triangles)(weights[None], uniforms[None])[0]
    assert (weights[found] > 0).all()


def test_without_any_weight_the_first_triangle_is_chosen():
    uniforms = np.array([[0, 0.5, 1 - 2**-24]], np.float32)
    found = sampling.choose_triangles(jnp.zeros((1, 5)), uniforms)
    np.testing.assert_array_equal(found, [[0, 0, 0]])


def test_points_fill_a_triangle_evenly():
    uniforms = np.random.default_rng(4).uniform(size=(20000, 2)).astype(np.float32)
    bary = np.asarray(sampling.triangle_points(uniforms))
    assert bary.min() > -1e-6
    np.testing.assert_allclose(bary.sum(axis=1), 1, atol=1e-6)
    # Moments of the flat distribution over a triangle: 1/3, and 1/18 and -1/36.
    np.testing.assert_allclose(bary.mean(axis=0), 1 / 3, atol=0.01)
    expected = np.full((3, 3), -1 / 36) + np.eye(3) / 12
    np.testing.assert_allclose(np.cov(bary.T), expected, atol=2e-3)


def test_places_beyond_the_diagonal_are_reflected():
    bary = sampling.triangle_points(jnp.array([[0.2, 0.3], [0.9, 0.4]]))
    np.testing.assert_allclose(bary, [[0.5, 0.2, 0.3], [0.3, 0.1, 0.6]], atol=1e-6)


def test_sampled_points_lie_on_what_is_seen():
    points, faces = sphere()
    rng = np.random.default_rng(5)
    regions = np.ones(len(faces), np.float32)
    regions[::2] = 0
    found = jax.jit(sampling.sample_surface)(
        points[None],
        faces,
        regions,
        rng.uniform(size=(1, 300)).astype(np.float32),
        rng.uniform(size=(1, 300, 2)).astype(np.float32),
    )
    weights = looked_at(points, faces, regions)
    assert (weights[found.faces[0]] > 0).all()
    share = np.bincount(found.faces[0], minlength=len(faces)) / 300
    np.testing.assert_allclose(share, weights / weights.sum(), atol=0.1)
    assert found.bary.shape == (1, 300, 3)


def test_points_fall_into_pixels_cut_towards_zero_and_kept_inside():
    corners = np.array([[-2, 0.99, 5], [0.24, -1, 5], [0.26, 3, 5]], np.float32)
    at_corners = LandmarkEmbedding(
        np.zeros((1, 3), np.int32), np.eye(3, dtype=np.float32)[None]
    )
    draw = jax.jit(sampling.point_pixels, static_argnums=3)
    found = draw(corners[None], np.array([[0, 1, 2]]), at_corners, 8)
    np.testing.assert_array_equal(found, [[[0, 7], [4, 0], [5, 7]]])


def test_pixels_move_one_by_one_and_the_last_wins():
    rng = np.random.default_rng(6)
    image = rng.uniform(0.1, 1, (2, 6, 5, 3)).astype(np.float32)
    places = [rng.integers(0, (5, 6), (2, 40, 2)) for _ in range(2)]
    found = jax.jit(sampling.transfer_pixels)(image, *places)
    expected = np.zeros_like(image)
    for item in range(2):
        for (x, y), (new_x, new_y) in zip(
            places[0][item], places[1][item], strict=True
        ):
            expected[item, new_y, new_x] = image[item, y, x]
    np.testing.assert_array_equal(found, expected)
    assert (expected.max(axis=-1) == 0).any()


def test_published_number_of_points():
    assert sampling.num_points(0.01, 224) == 501


@pytest.mark.parametrize(
    ("points", "regions", "message"),
    [
        ((4, 2), 3, r"projected: expected \[V, 3\], got \(4, 2\)"),
        ((2, 4, 3), 2, r"region_weights: expected \[3\], got \(2,\)"),
    ],
)
def test_meshes_that_do_not_fit_are_refused(points, regions, message):
    faces = np.array([[0, 1, 2], [1, 2, 3], [0, 2, 3]])
    with pytest.raises(ValueError, match=message):
        sampling.sampling_weights(jnp.zeros(points), faces, np.ones(regions))


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((6, 5, 3), (2, 9, 2), (2, 9, 2)), r"image: expected \[B, H, W, C\]"),
        (((2, 6, 5, 3), (1, 9, 2), (1, 9, 2)), r"source: expected \[2, N, 2\]"),
        (((2, 6, 5, 3), (2, 9, 2), (2, 8, 2)), r"target: expected \[2, 9, 2\]"),
    ],
)
def test_pixels_that_do_not_fit_are_refused(shapes, message):
    image, source, target = shapes
    with pytest.raises(ValueError, match=message):
        sampling.transfer_pixels(
            jnp.zeros(image), jnp.zeros(source, int), jnp.zeros(target, int)
        )


def test_draws_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"uniforms: expected \[2, N\], got \(3, 4\)"):
        sampling.choose_triangles(jnp.zeros((2, 5)), jnp.zeros((3, 4)))
    points, faces = sphere()
    regions = np.ones(len(faces), np.float32)
    with pytest.raises(ValueError, match=r"places: expected \[1, 4, 2\], got"):
        sampling.sample_surface(
            points[None], faces, regions, jnp.zeros((1, 4)), jnp.zeros((1, 5, 2))
        )
