import numpy as np

from data_pipelines.synth.occluders.relief import (
    Limb,
    coverage,
    hollows,
    limb_surface,
    lit,
    noise,
    normals,
    rounded,
    smooth_union,
)


def grid(half: float, count: int) -> tuple[np.ndarray, np.ndarray, float]:
    line = np.linspace(-half, half, count, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    return x, y, float(line[1] - line[0])


def test_distance_to_a_limb_is_that_to_its_nearest_ball():
    x, y, _ = grid(2.0, 41)
    start, end = np.array([-0.7, 0.2, 0.0]), np.array([0.8, -0.4, 0.0])
    found = limb_surface(x, y, Limb(start, end, (0.3, 0.3))).distance
    shares = np.linspace(0, 1, 8001)[:, None, None]
    centres = [start[i] + shares * (end[i] - start[i]) for i in (0, 1)]
    nearest = np.hypot(x - centres[0], y - centres[1]).min(axis=0) - 0.3
    np.testing.assert_allclose(found, nearest, atol=1e-4)


def test_height_of_a_ball():
    x, y, _ = grid(1.0, 41)
    ball = Limb(np.array([0.0, 0.0, 0.5]), np.array([0.0, 1e-6, 0.5]), (0.8, 0.8))
    height = limb_surface(x, y, ball).height
    inside = np.hypot(x, y) < 0.79
    expected = 0.5 + np.sqrt(np.maximum(0.64 - x**2 - y**2, 0))
    np.testing.assert_allclose(height[inside], expected[inside], atol=1e-3)
    assert np.isneginf(height[np.hypot(x, y) > 0.81]).all()


def test_normals_of_a_ball_point_away_from_its_centre():
    x, y, pixel = grid(1.0, 401)
    radius = 1.2
    height = np.sqrt(radius**2 - np.minimum(x**2 + y**2, 1.0))
    found = normals(height, pixel)
    expected = np.stack([x, y, height], axis=-1) / radius
    inside = np.hypot(x, y) < 0.95
    np.testing.assert_allclose(found[inside], expected[inside], atol=5e-3)


def test_steep_slopes_are_cut():
    height = np.zeros((9, 9), np.float32)
    height[:, 5:] = 100.0
    assert normals(height, 1.0, steepest=2.0)[..., 2].min() > 0.44


def test_smooth_union_meets_both_and_lies_below():
    first, second = np.array([0.0, 1.0, 0.2]), np.array([2.0, 0.0, 0.2])
    found = smooth_union(first, second, 0.5)
    np.testing.assert_allclose(found, [0.0, 0.0, 0.2 - 0.5 / 4])


def test_light_from_ahead_is_brightest_on_what_faces_it():
    tilts = np.linspace(0, 1.5, 20)
    normal = np.stack([np.sin(tilts), 0 * tilts, np.cos(tilts)], -1)[None]
    grey = lit(np.ones(3), normal, np.array([0.0, 0.0, 1.0]))[0, :, 0]
    assert (np.diff(grey) < 0).all() and grey[0] <= 1


def test_edges_and_creases():
    assert coverage(np.array([-1.0, 0.0, 1.0]), 0.1).tolist() == [1, 0.5, 0]
    assert rounded(np.array([-2.0, -1.0, 0.0]), 1.0).tolist() == [1, 1, 0]
    height = np.ones((41, 41), np.float32)
    height[:, 19:22] = 0.0
    light = hollows(height, 3.0, 1.0)
    assert light[20, 20] < 0.5 and light[20, 2] > 0.99


def test_noise_is_about_normal():
    values = noise((200, 200), 5.0, np.random.default_rng(0))
    assert abs(values.mean()) < 0.1 and 0.7 < values.std() < 1.3
