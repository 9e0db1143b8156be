import dataclasses

import numpy as np

from data_pipelines.synth import shading
from data_pipelines.synth.lighting import LAMPS, Lights
from data_pipelines.synth.shading import Geometry
from data_pipelines.synth.surfaces import Surface

RANDOM = np.random.default_rng(0)
COUNT = 40


def planes(*rows: float) -> np.ndarray:
    """One point of three numbers as planes [3, 1]."""
    return np.array(rows, np.float32)[:, None]


def lights(**changes: np.ndarray) -> Lights:
    """One lamp from above left in a dim room."""
    directions = np.array([[0.6, 0.48, 0.64], [0, 0, 1], [0, 0, -1]], np.float32)
    colours = np.array([[1.0, 0.9, 0.8], [0, 0, 0], [0, 0, 0]], np.float32)
    light = Lights(
        directions=directions,
        colours=colours,
        sky=np.array([0.3, 0.35, 0.4], np.float32),
        ground=np.array([0.2, 0.15, 0.1], np.float32),
        exposure=np.float32(1.0),
        tint=np.ones(3, np.float32),
        contrast=np.float32(1.0),
    )
    return dataclasses.replace(light, **changes)


def scene(gloss: float = 0.0) -> tuple[Surface, Geometry]:
    """Points [COUNT] of all directions and colours."""
    normal = RANDOM.normal(size=(3, COUNT))
    normal /= np.linalg.norm(normal, axis=0)
    surface = Surface(
        RANDOM.uniform(0.1, 0.8, (3, COUNT)).astype(np.float32),
        np.full(COUNT, gloss, np.float32),
        np.ones(COUNT, np.float32),
    )
    geometry = Geometry(
        normal.astype(np.float32),
        RANDOM.uniform(0, 1, (LAMPS, COUNT)).astype(np.float32),
        RANDOM.uniform(0, 1, COUNT).astype(np.float32),
    )
    return surface, geometry


def one(normal: np.ndarray, gloss: float = 0.0) -> tuple[Surface, Geometry]:
    """A white point with nothing in the way of light."""
    full = np.ones(1, np.float32)
    surface = Surface(planes(1, 1, 1), gloss * full, full)
    return surface, Geometry(normal, np.ones((LAMPS, 1), np.float32), full)


def test_products_and_lengths_of_planes():
    first, second = RANDOM.normal(size=(2, 3, COUNT)).astype(np.float32)
    np.testing.assert_allclose(
        shading.dot(first, second), (first * second).sum(axis=0), rtol=1e-4, atol=1e-6
    )
    lengths = np.linalg.norm(np.asarray(shading.unit(first)), axis=0)
    np.testing.assert_allclose(lengths, 1, rtol=1e-5)
    assert not np.asarray(shading.unit(planes(0, 0, 0))).any()


def test_matte_light_is_lamberts():
    surface, geometry = scene()
    light = lights()
    share = 0.5 + 0.5 * geometry.normal[1]
    ambient = light.ground[:, None] * (1 - share) + light.sky[:, None] * share
    wanted = ambient * geometry.openness
    for lamp in range(LAMPS):
        cosine = np.maximum(light.directions[lamp] @ geometry.normal, 0)
        wanted = wanted + cosine * geometry.lamps[lamp] * light.colours[lamp][:, None]
    found = shading.matte_light(surface, geometry, light)
    np.testing.assert_allclose(found, surface.albedo * wanted, rtol=1e-4, atol=1e-6)


def test_shadows_edges_on_skin_are_red_and_light_creeps_round():
    light = lights(sky=np.zeros(3, np.float32), ground=np.zeros(3, np.float32))
    direction = light.directions[0]
    aside = np.cross(direction, [0, 0, 1])
    beyond = aside - 0.1 * direction
    beyond = planes(*(beyond / np.linalg.norm(beyond)))
    skin = np.asarray(shading.skin_light(*one(beyond), light))[:, 0]
    assert skin[0] > 2 * skin[2] >= 0
    assert not np.asarray(shading.matte_light(*one(beyond), light)).any()


def test_highlights_lie_where_mirrors_show_the_lamp():
    light = lights()
    half = light.directions[0] + np.array([0, 0, 1])
    mirror = planes(*(half / np.linalg.norm(half)))
    away = planes(*light.directions[0])
    for shade in (shading.skin_light, shading.wet_light):
        gain = [
            float(np.mean(shade(*one(n, 1.0), light) - shade(*one(n, 0.0), light)))
            for n in (mirror, away)
        ]
        assert gain[0] > 0.1 and gain[0] > 2 * gain[1] >= 0


def test_hair_shines_across_its_direction():
    light = lights()
    half = light.directions[0] + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    normal = planes(0, 0, 1)
    across = np.cross(half, [0, 0, 1])
    bright = shading.hair_light(*one(normal, 1.0), planes(*across), light)
    dull = shading.hair_light(*one(normal, 1.0), planes(*half), light)
    assert float(np.mean(bright - dull)) > 0.05
    plain = shading.hair_light(*one(normal, 0.0), planes(*across), light)
    assert (np.asarray(bright) > np.asarray(plain)).all()


def test_cameras_roll_highlights_off_and_keep_the_order():
    levels = np.linspace(0, 6, 200, dtype=np.float32)
    light = lights()
    seen = np.asarray(shading.developed(np.tile(levels, (3, 1)), light))
    assert seen.max() <= 1 and (np.diff(seen, axis=1) >= 0).all()
    dark = levels < 0.4
    np.testing.assert_allclose(seen[0, dark], levels[dark], atol=1e-6)
    tinted = lights(tint=np.array([1.2, 1.0, 0.8], np.float32))
    warm = np.asarray(shading.developed(np.full((3, 1), 0.2, np.float32), tinted))
    np.testing.assert_allclose(warm[:, 0], [0.24, 0.2, 0.16], rtol=1e-5)


def test_srgb_and_back():
    values = np.linspace(0, 1, 50, dtype=np.float32)
    back = shading.to_srgb(shading.from_srgb(values))
    np.testing.assert_allclose(back, values, atol=1e-5)
    # Middle grey of the standard: 0.5 sRGB is 21.4 % light.
    np.testing.assert_allclose(shading.from_srgb(np.float32(0.5)), 0.21404, atol=1e-4)
