from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth.plan import make_plan
from data_pipelines.synth.shots import Director
from face_jax.geometry.head import HeadParameters
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.known_heads import KnownHeads
from tests.measure import drawn_again
from tests.measure.drawn_again import BATCH, SPLIT, corrections, redraw, shrunk

SETTINGS = SyntheticSettings(images=250, size=16, images_per_person=1, occluded=0)


def test_squares_become_their_means():
    pictures = np.arange(2 * 4 * 6 * 3, dtype=np.float64).reshape(2, 4, 6, 3)
    found = shrunk(pictures)
    assert found.shape == (2, 2, 3, 3)
    np.testing.assert_allclose(found[1, 1, 2], pictures[1, 2:, 4:].mean(axis=(0, 1)))


def test_corrections_go_down_the_loss():
    def draw(expressions):
        return np.repeat(expressions[:, None, None, :3], 2, axis=1)

    photographs = draw(np.full((2, 4), 0.5))
    at = np.array([[0.2, 0.5, 0.9, 0.0], [0.5, 0.7, 0.1, 1.0]])
    found = corrections(draw, at, photographs, np.array([0, 2, 3]))
    third = 1 / 3
    np.testing.assert_allclose(found, [[third, -third, 0], [0, third, 0]], atol=1e-12)


class Painter:
    """Paints red how far a mouth is open, and green who it is."""

    def __init__(self, head, size):
        self.size = size

    def render(self, persons, parameters, cameras, lights, backgrounds):
        assert len(persons) == len(cameras) == len(lights) == BATCH
        images = np.zeros((BATCH, self.size, self.size, 3), np.uint8)
        opened, shape = parameters.expression_params, parameters.shape_params
        images[..., 0] = np.round(255 * opened[:, :1, None])
        images[..., 1] = np.asarray(shape[:, :1, None])
        own = [abs(person.shape_params[0]) for person in persons]
        np.testing.assert_allclose(own, shape[:, 1], rtol=1e-6)
        return SimpleNamespace(images=images)


def known_people(settings, order=1):
    director = Director(settings, drawn_again.head("procedural"))
    people = [one.identity for one in make_plan(settings).images[SPLIT]][::order]
    first = [abs(director.person(person).shape_params[0]) for person in people]
    shape = np.stack([np.arange(len(people)), first], axis=1).astype(np.float32)
    faces = HeadParameters(
        shape_params=jnp.asarray(shape), expression_params=jnp.zeros((len(people), 2))
    )
    nothing = jnp.zeros((len(people), 3))
    return KnownHeads(
        images=nothing,
        faces=EncodedFace(faces, nothing),
        landmarks_68=nothing,
        landmarks_105=nothing,
        identity=np.array(people),
    )


def test_every_person_is_drawn_again_with_the_expression_given(monkeypatch):
    monkeypatch.setattr(drawn_again, "Studio", Painter)
    known = known_people(SETTINGS)
    assert BATCH < len(known) < 2 * BATCH
    opened = np.linspace(0, 1, 2 * len(known)).reshape(-1, 2)
    found = redraw(SETTINGS, known)(opened)
    assert found.shape == (len(known), 8, 8, 3)
    np.testing.assert_allclose(found[:, 0, 0, 0], opened[:, 0], atol=0.003)
    np.testing.assert_allclose(
        255 * found[:, 7, 7, 1], np.arange(len(known)), atol=1e-4
    )


def test_other_persons_than_the_data_sets_are_refused(monkeypatch):
    monkeypatch.setattr(drawn_again, "Studio", Painter)
    with pytest.raises(ValueError, match="known: expected the first persons"):
        redraw(SETTINGS, known_people(SETTINGS, order=-1))
