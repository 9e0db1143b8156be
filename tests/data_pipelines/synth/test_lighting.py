import jax
import numpy as np
import pytest

from data_pipelines.synth import shading
from data_pipelines.synth.lighting import LAMPS, Lights, draw_lights, stack_lights
from data_pipelines.synth.shading import Geometry
from data_pipelines.synth.surfaces import Surface
from face_jax.types import Array

LIGHTS = [draw_lights(seed) for seed in range(200)]
STACK = stack_lights(LIGHTS)


def test_lights_follow_from_their_seed():
    again = stack_lights([draw_lights(seed) for seed in range(200)])
    for name in ("directions", "colours", "sky", "ground", "exposure", "tint"):
        np.testing.assert_array_equal(getattr(STACK, name), getattr(again, name))
    with pytest.raises(ValueError, match="got -1"):
        draw_lights(-1)


def test_lights_have_the_declared_shapes_and_ranges():
    assert STACK.directions.shape == STACK.colours.shape == (200, LAMPS, 3)
    np.testing.assert_allclose(np.linalg.norm(STACK.directions, axis=-1), 1, atol=1e-6)
    assert STACK.colours.min() >= 0 and STACK.sky.min() > 0
    np.testing.assert_allclose(STACK.tint.mean(axis=1), 1, atol=1e-6)


def test_light_falls_from_both_sides_in_front_and_rims_from_behind():
    key, rim = STACK.directions[:, 0], STACK.directions[:, 2]
    assert 0.35 < (key[:, 0] > 0).mean() < 0.65
    assert key[:, 2].min() > 0
    assert rim[:, 2].max() < 0


def test_the_sky_is_brighter_than_the_ground():
    assert (STACK.ground.mean(axis=1) < STACK.sky.mean(axis=1)).all()


def test_pictures_are_exposed_for_the_face():
    # A middling skin that faces the viewer is neither black nor white in any light.
    one = np.ones(1, np.float32)
    albedo = np.array([[0.45], [0.27], [0.19]], np.float32)
    normal = np.array([[0], [0], [1]], np.float32)
    facing = Geometry(normal, np.ones((LAMPS, 1), np.float32), one)

    def photograph(light: Lights) -> Array:
        lit = shading.skin_light(Surface(albedo, 0 * one, one), facing, light)
        return shading.to_srgb(shading.developed(lit, light))[:, 0]

    tones = np.asarray(jax.jit(jax.vmap(photograph))(STACK))
    assert tones.mean(axis=1).min() > 0.4 and tones.max() < 0.9
    assert tones.mean(axis=1).std() > 0.03
