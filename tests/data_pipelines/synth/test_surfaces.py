import jax
import numpy as np
import pytest

from data_pipelines.synth import surfaces

PIXEL = np.float32(1e-5)
IRIS = np.array([0.1, 0.2, 0.4], np.float32)
COUNT = 90
EYE, HAIR, CLOTH = (
    jax.jit(surface) for surface in (surfaces.eye, surfaces.hair, surfaces.cloth)
)


def eye(directions: np.ndarray, pixel: float = 1e-5) -> surfaces.Surface:
    """Surface of an eyeball [3, COUNT] whose iris has the sine 0.5."""
    place = (directions / np.linalg.norm(directions, axis=0)).astype(np.float32)
    iris = np.full(COUNT, 0.5, np.float32)
    return EYE(place, iris, IRIS, 0.4, 0.3, np.float32(pixel))


def ring(radius: float) -> np.ndarray:
    """Directions [3, COUNT] whose sine from the axis is ``radius``."""
    angle = np.linspace(0, 2 * np.pi, COUNT, endpoint=False)
    depth = np.full(COUNT, np.sqrt(1 - radius**2))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), depth])


def test_an_eye_is_pupil_iris_and_white():
    pupil, iris, white = (
        np.asarray(eye(ring(radius)).albedo) for radius in (0.02, 0.35, 0.62)
    )
    assert pupil.max() < 0.03
    # The iris is blue, the white is nearly grey and brighter.
    assert (iris[2] > 2 * iris[0]).all()
    assert white.mean() > 1.5 * iris.mean()
    assert np.ptp(white.mean(axis=1)) < 0.25 * white.mean()
    behind = eye(ring(0.1) * [[1], [1], [-1]])
    assert np.asarray(behind.albedo).mean() > 0.3


def test_the_upper_lid_shades_an_eye():
    shade = np.asarray(eye(ring(0.35)).openness)
    top, bottom = COUNT // 4, 3 * COUNT // 4
    assert shade[top] < 0.85 < 0.95 < shade[bottom]


def test_patterns_finer_than_pixels_fade():
    fine = np.asarray(eye(ring(0.4)).albedo).std(axis=1)
    coarse = np.asarray(eye(ring(0.4), pixel=3e-3).albedo).std(axis=1)
    assert (coarse < 0.2 * fine).all()


def test_mouths_darken_with_depth():
    depths = np.array([0.0, 0.01, 0.03, 0.06], np.float32)
    place = np.stack([depths, 0 * depths, 0 * depths])
    for made in (surfaces.flesh(place), surfaces.teeth(place, np.float32(0.3))):
        assert (np.diff(made.openness) < 0).all()
        assert made.openness[0] == pytest.approx(0.85)
    white = surfaces.teeth(place, np.float32(0.0)).albedo
    yellow = surfaces.teeth(place, np.float32(1.0)).albedo
    np.testing.assert_array_equal(white[0], yellow[0])
    assert (np.asarray(yellow)[2] < np.asarray(white)[2]).all()


def test_hair_keeps_its_colour_and_darkens_with_its_shade():
    across = np.linspace(-1, 1, 400, dtype=np.float32)
    place = np.stack([across, 0 * across + 0.5, 0 * across + 0.3])
    colour = np.array([[0.3], [0.2], [0.1]], np.float32)
    bright, dark = (
        HAIR(place, colour, shade * np.ones(400, np.float32), PIXEL)
        for shade in (1.0, 0.6)
    )
    np.testing.assert_allclose(
        np.asarray(dark.albedo), 0.6 * np.asarray(bright.albedo), rtol=1e-5
    )
    np.testing.assert_allclose(
        np.asarray(bright.albedo).mean(axis=1), colour[:, 0], rtol=0.15
    )
    assert np.asarray(bright.albedo).std(axis=1)[0] > 0.03
    far = HAIR(place, colour, np.ones(400, np.float32), np.float32(0.01))
    assert np.asarray(far.albedo).std() < np.asarray(bright.albedo).std()


def test_stripes_mix_two_cloths():
    down = np.linspace(0.05, 0.2, 500, dtype=np.float32)
    place = np.stack([down, 0 * down, 0 * down])
    red, blue = np.array([0.8, 0, 0], np.float32), np.array([0, 0, 0.8], np.float32)
    banded = np.stack([down, 0 * down, 0 * down + 1])
    plain = np.asarray(CLOTH(place, red, blue, 0.0, PIXEL).albedo)
    striped = np.asarray(CLOTH(place, red, blue, 1.0, PIXEL).albedo)
    assert plain[2].max() == 0
    assert striped[2].max() > 0.6 and striped[2].min() == 0
    collar = np.asarray(CLOTH(banded, red, blue, 0.0, PIXEL).albedo)
    assert (collar[2] > 0.3).all()
