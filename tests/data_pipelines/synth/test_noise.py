import numpy as np
import pytest

from data_pipelines.synth import noise
from data_pipelines.synth.unrolled import SIDE

MIDDLE = np.array([SIDE / 2, SIDE / 2], np.float32)


@pytest.mark.parametrize("cell", [4.0, 17.0, 60.0])
def test_smooth_noise_is_standard_and_as_coarse_as_asked(cell):
    pictures = np.stack(
        [noise.smooth_noise(np.random.default_rng(seed), cell) for seed in range(4)]
    )
    assert pictures.shape == (4, SIDE, SIDE) and pictures.dtype == np.float32
    # So many hills are independent.
    hills = 4 * (SIDE / cell) ** 2
    assert abs(pictures.mean()) < 4 * 1.5 / np.sqrt(hills)
    assert 0.7 < pictures.std() < 1.3
    # Independent numbers of deviation 1.5 lie one cell apart.
    for axis in (1, 2):
        slope = np.diff(pictures, axis=axis).std()
        assert slope * cell == pytest.approx(1.5 * 2**0.5, rel=0.1)


@pytest.mark.parametrize("cell", [4.0, 17.0, 60.0])
def test_smooth_noise_closes_across_the_seam(cell):
    picture = noise.smooth_noise(np.random.default_rng(0), cell)
    inside = np.abs(np.diff(picture, axis=1))
    across = np.abs(picture[:, 0] - picture[:, -1])
    assert across.max() <= inside.max()
    # Were a slope to jump there, a second difference would stand out.
    turned = np.roll(picture, SIDE // 2, axis=1)
    bends = np.abs(np.diff(turned, n=2, axis=1)).max(axis=0)
    assert bends[SIDE // 2 - 2 : SIDE // 2 + 1].max() <= 1.5 * np.median(bends) + 1e-3


def test_fractal_noise_is_standard():
    picture = noise.fractal_noise(np.random.default_rng(0), [40.0, 12.0, 5.0])
    assert picture.shape == (SIDE, SIDE) and 0.7 < picture.std() < 1.3


def test_blobs_are_gaussians():
    found = noise.blob(np.array([100.5, 60.5]), width=8.0, height=3.0)
    assert found[60, 100] == 1
    assert found[60, 108] == pytest.approx(np.exp(-0.5), rel=1e-4)
    assert found[63, 100] == pytest.approx(np.exp(-0.5), rel=1e-4)
    assert found.sum() == pytest.approx(2 * np.pi * 8 * 3, rel=1e-3)


def test_areas_cover_their_inside_with_soft_edges():
    corners = MIDDLE + np.array([[-50, -30], [50, -30], [50, 30], [-50, 30]])
    found = noise.area(corners, softness=2.0)
    assert found.max() <= 1 and found.min() >= 0
    assert found[256, 256] == pytest.approx(1, abs=1e-3)
    assert found[256, 150] == 0
    # OpenCV's outline adds up to a pixel on each side.
    assert 100 * 60 <= found.sum() <= 102 * 62
    # The edge itself is half covered.
    assert found[256, 305:307].mean() == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("width", [0.5, 1.0, 6.0])
def test_lines_have_their_width(width):
    ends = MIDDLE + np.array([[-100, 0], [100, 0]])
    found = noise.line(ends, width, softness=3.0)
    # OpenCV's smooth lines are a little wider than asked.
    assert width <= found[:, 256].sum() <= 1.5 * width
    assert found[:, 100].sum() == 0


def test_strokes_lie_between_their_ends_and_cover_by_their_alpha():
    starts = MIDDLE + np.array([[-20, 0], [0, 40]])
    ends = MIDDLE + np.array([[20, 0], [20, 40]])
    found = noise.strokes(starts, ends, np.array([1.0, 0.5]))
    across, lower = found[:, 256], found[:, 266]
    assert across.max() == pytest.approx(1, abs=0.6) and across.sum() > 0.8
    assert abs(across.argmax() - 255.5) <= 1
    assert lower[290:300].sum() == pytest.approx(0.5 * lower[250:260].sum(), rel=0.1)
    assert found[:, 200].sum() == 0


@pytest.mark.parametrize("closed", [False, True])
def test_curves_pass_through_their_points(closed):
    points = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    segments = 6 if closed else 5
    found = noise.curve(points, 10 * segments + (not closed), closed)
    np.testing.assert_allclose(found[::10], points, atol=1e-6)


def test_a_curve_through_a_line_is_that_line():
    points = np.arange(5)[:, None] * np.array([[1.0, -2.0]])
    found = noise.curve(points, 41)
    np.testing.assert_allclose(
        found, np.linspace(0, 4, 41)[:, None] * [1, -2], atol=1e-6
    )


def test_blurring_keeps_what_is_even():
    picture = np.full((SIDE, SIDE), 0.3, np.float32)
    np.testing.assert_allclose(noise.blur(picture, 5.0), 0.3, rtol=1e-5)
