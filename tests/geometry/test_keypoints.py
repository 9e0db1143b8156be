import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry import keypoints

hull_area = jax.jit(keypoints.convex_hull_area)


def monotone_chain_area(points):
    """Andrew's monotone chain, then the shoelace formula, in float64."""
    points = sorted(set(map(tuple, np.asarray(points, np.float64).tolist())))

    def half(points):
        chain = []
        for point in points:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2:]
                turn = (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)
                if turn > 0:
                    break
                chain.pop()
            chain.append(point)
        return chain[:-1]

    hull = np.array(half(points) + half(points[::-1]))
    if len(hull) < 3:
        return 0.0
    x, y = hull.T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


@pytest.mark.parametrize("count", [3, 4, 10, 68])
def test_hull_area_equals_the_monotone_chain(count):
    rng = np.random.default_rng(count)
    points = rng.normal(size=(20, count, 2)).astype(np.float32)
    expected = [monotone_chain_area(p) for p in points]
    np.testing.assert_allclose(hull_area(points), expected, rtol=2e-6)


def test_hull_area_of_copies_and_collinear_points():
    rng = np.random.default_rng(0)
    lattice = rng.integers(-3, 4, (40, 12, 2)).astype(np.float32)
    expected = [monotone_chain_area(p) for p in lattice]
    np.testing.assert_allclose(hull_area(lattice), expected, atol=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 256.0])
def test_hull_area_of_thin_and_far_faces(scale):
    rng = np.random.default_rng(1)
    points = rng.normal(size=(10, 68, 2)) * [1.0, 1e-2] * scale + 3 * scale
    points = points.astype(np.float32)
    expected = [monotone_chain_area(p) for p in points]
    np.testing.assert_allclose(hull_area(points), expected, rtol=1e-4)


def test_points_without_extent_have_no_area():
    line = np.linspace(0, 1, 10)[:, None] * np.array([1.0, 0.5])
    assert float(hull_area(line)) == pytest.approx(0, abs=1e-6)
    assert float(hull_area(np.zeros((10, 2)))) == 0
    vertical = np.stack([np.ones(4), np.arange(4.0)], axis=-1)
    assert float(hull_area(vertical)) == 0


def test_soft_argmax_of_one_cell_is_its_place():
    heatmap = np.zeros((1, 5, 9, 2), np.float32)
    heatmap[0, 4, 0, 0] = 1
    heatmap[0, 2, 6, 1] = 1
    expected = [[[-1, 1], [0.5, 0]]]
    np.testing.assert_allclose(keypoints.soft_argmax(heatmap), expected, atol=1e-6)


def test_spatial_softmax_sums_to_one_over_both_axes():
    logits = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    weights = np.exp(logits / 0.1 - (logits / 0.1).max())
    expected = weights / weights.sum(axis=(1, 2), keepdims=True)
    actual = keypoints.spatial_softmax(logits, 0.1)
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_gaussian_heatmaps_peak_at_keypoints():
    grid = keypoints.corner_aligned_grid(5, 7)
    points = np.array([[[grid[3, 2, 0], grid[3, 2, 1]], [5.0, 5.0]]], np.float32)
    maps = np.asarray(keypoints.gaussian_heatmaps(points, grid, 0.01))
    assert maps.shape == (1, 5, 7, 2)
    assert maps[0, 3, 2, 0] == 1
    # One column is 1/3: exp(-0.5 * (1/9) / 0.01).
    assert maps[0, 3, 3, 0] == pytest.approx(np.exp(-0.5 / 9 / 0.01), rel=1e-4)
    assert maps[0, :, :, 1].max() < 1e-6


@pytest.fixture
def motion():
    rng = np.random.default_rng(3)
    source = rng.normal(size=(10, 2)).astype(np.float32)
    driving = rng.normal(size=(4, 10, 2)).astype(np.float32)
    return source, driving


def test_relative_motion_starts_at_the_source(motion):
    source, driving = motion
    moved = keypoints.transfer_keypoints(source, driving, driving[0], relative=True)
    np.testing.assert_allclose(moved[0], source, atol=1e-6)
    np.testing.assert_allclose(moved[2] - moved[1], driving[2] - driving[1], atol=1e-5)


def test_adapted_scale_undoes_the_size_of_the_driving_face(motion):
    source, driving = motion
    plain = keypoints.transfer_keypoints(
        source, driving, driving[0], relative=True, adapt_scale=True
    )
    enlarged = keypoints.transfer_keypoints(
        source, 3 * driving, 3 * driving[0], relative=True, adapt_scale=True
    )
    np.testing.assert_allclose(enlarged, plain, atol=1e-5)
    ratio = monotone_chain_area(source) / monotone_chain_area(driving[0])
    expected = source + np.sqrt(ratio) * (driving - driving[0])
    np.testing.assert_allclose(plain, expected, atol=1e-5)


def test_absolute_motion_is_the_drivers(motion):
    source, driving = motion
    moved = keypoints.transfer_keypoints(
        source, driving, driving[0], relative=False, adapt_scale=True
    )
    np.testing.assert_array_equal(moved, driving)


def test_best_frame_ignores_size_place_and_undetected_frames():
    rng = np.random.default_rng(4)
    source = rng.normal(size=(68, 2)).astype(np.float32)
    driving = rng.normal(size=(5, 68, 2)).astype(np.float32)
    driving[1] = 0
    driving[3] = 7 * source + 100
    assert int(jax.jit(keypoints.best_frame)(source, driving)) == 3


def test_keypoints_differentiate():
    points = np.random.default_rng(5).normal(size=(10, 2)).astype(np.float32)
    gradient = jax.grad(keypoints.convex_hull_area)(points)
    # Euler: the area is homogeneous of degree two.
    twice = jnp.sum(gradient * (points - points.mean(0)))
    assert float(twice) == pytest.approx(2 * float(hull_area(points)), rel=1e-4)
