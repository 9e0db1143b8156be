import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.render import directional_shading
from face_jax.render.shading import LIGHT_DIRECTIONS, LIGHT_INTENSITY
from tests.render import scenes


def shaded(normals, directions, intensities):
    """Lamp by lamp; intensities [L, C]."""
    total = 0.0
    for direction, intensity in zip(directions, intensities, strict=True):
        facing = normals @ (direction / np.sqrt(np.sum(direction**2)))
        total = total + np.clip(facing, 0, 1)[..., None] * intensity
    return total / len(directions)


def test_the_lamps_are_the_published_ones():
    root = 3**-0.5
    normals = np.array([[0, 0, 1], [0, 0, -1], [1, 0, 0], [0, -1, 0], [-root] * 3])
    # Of a front four lamps see the cosine 1 / sqrt(3), one sees 1.
    front, side = (4 * root + 1) / 5, 2 * root / 5
    corner = (root**2 * 3 - 2 * root**2) / 5  # one lamp at a third: (-1, -1, 1)
    expected = 1.7 * np.array([front, 0, side, side, corner])
    found = directional_shading(jnp.asarray(normals, jnp.float32))
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-6)


def test_light_is_the_mean_of_what_each_lamp_reflects():
    normals = scenes.normal(0, 4, 7, 3) * 1.5  # of any length
    lamps = np.full((5, 1), LIGHT_INTENSITY)
    expected = shaded(normals.astype(float), LIGHT_DIRECTIONS.astype(float), lamps)
    found = directional_shading(normals)
    assert found.shape == (4, 7, 1) and found.dtype == jnp.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_lamps_may_be_of_any_number_direction_length_and_colour():
    normals, directions = scenes.normal(0, 9, 3), 4 * scenes.normal(1, 2, 3)
    colours = np.abs(scenes.normal(2, 2, 3))
    expected = shaded(normals.astype(float), directions.astype(float), colours)
    found = directional_shading(normals, directions, colours)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_gradients_are_differences_away_from_the_edge_of_shadow():
    rng = np.random.default_rng(0)
    normals = rng.uniform(0.1, 0.5, (6, 3))
    lamps = np.full((5, 1), LIGHT_INTENSITY)
    directions = LIGHT_DIRECTIONS.astype(float)
    gradient = jax.grad(lambda n: directional_shading(n).sum())(np.float32(normals))
    slopes = scenes.central_differences(
        lambda n: shaded(n, directions, lamps).sum(), normals
    )
    np.testing.assert_allclose(gradient, slopes, atol=1e-5)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((4, 2), (2, 3), ()), r"normals: expected \[..., 3\], got \(4, 2\)"),
        (((), (2, 3), ()), r"normals: expected \[..., 3\], got \(\)"),
        (((4, 3), (3,), ()), r"directions: expected \[L, 3\], got \(3,\)"),
        (((4, 3), (0, 3), ()), r"directions: expected \[L, 3\], got \(0, 3\)"),
        (((4, 3), (2, 3), (2,)), r"intensities: .* or \[2, C\], got \(2,\)"),
        (((4, 3), (2, 3), (3, 1)), r"intensities: .* or \[2, C\], got \(3, 1\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(shapes, message):
    with pytest.raises(ValueError, match=message):
        directional_shading(*(jnp.ones(shape) for shape in shapes))
