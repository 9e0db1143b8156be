"""The oracle of the fast search, against a loop in float64."""

import functools

import jax
import numpy as np
import pytest

from face_jax.render.dense import dense_visibility
from tests.render import reference, scenes


@pytest.mark.parametrize(
    ("cull", "perspective"), [(False, False), (True, False), (False, True)]
)
def test_faces_are_those_of_a_loop_in_float64(cull, perspective):
    find = jax.jit(
        functools.partial(
            dense_visibility,
            image_size=scenes.SIZE,
            cull_backfaces=cull,
            perspective_correct=perspective,
        )
    )
    shares = []
    for seed in range(4):
        triangles = scenes.soup(seed)
        for mesh, found in zip(triangles, find(triangles), strict=True):
            picture = reference.draw(
                mesh, scenes.SIZE, cull=cull, perspective=perspective
            )
            wrong = (picture.face != found) & picture.clear
            assert not wrong.any(), (seed, np.argwhere(wrong))
            shares.append(picture.clear.mean())
    assert np.mean(shares) > 0.8
