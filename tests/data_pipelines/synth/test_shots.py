"""Shots of a data set: who and what is put in front of the camera."""

import dataclasses

import numpy as np
import pytest

from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth.plan import make_plan
from data_pipelines.synth.shots import Director
from face_jax.heads.procedural import procedural_head

SETTINGS = SyntheticSettings(
    images=6, images_per_person=2, clips=2, clips_per_person=1, num_frames=2, size=16
)


@pytest.fixture(scope="module")
def head():
    return procedural_head()


def shots_of(settings, head):
    director, plan = Director(settings, head), make_plan(settings)
    images = [director.image(one) for some in plan.images.values() for one in some]
    clips = [director.clip(one, 2)[0] for some in plan.clips.values() for one in some]
    return images, clips


def looks(shots):
    """What is seen of persons and light but for the shape of heads."""
    bare = [dataclasses.replace(shot.person, shape_params=()) for shot in shots]
    return {repr(person) for person in bare}, {repr(shot.lights) for shot in shots}


def test_all_follows_from_the_settings(head):
    first, again = (shots_of(SETTINGS, head) for _ in range(2))
    assert repr(first) == repr(again)
    images, clips = first
    people, lights = looks(images)
    assert (len(people), len(lights)) == (3, 6)
    assert {shot.person.shape_params for shot in clips} < {
        shot.person.shape_params for shot in images
    }


def test_with_one_look_heads_alone_differ(head):
    """And what happens before the camera is as it would be otherwise."""
    alike = shots_of(dataclasses.replace(SETTINGS, one_look=True), head)
    for shots, usual in zip(alike, shots_of(SETTINGS, head), strict=True):
        people, lights = looks(shots)
        assert (len(people), len(lights)) == (1, 1)
        for shot, other in zip(shots, usual, strict=True):
            assert shot.person.shape_params == other.person.shape_params
            for name in ("weights", "gaze", "rotation", "camera", "background"):
                np.testing.assert_array_equal(getattr(shot, name), getattr(other, name))
