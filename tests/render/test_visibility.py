import functools

import jax
import numpy as np
import pytest

from face_jax.render.visibility import visible_faces
from tests.render import reference, scenes

find = jax.jit(functools.partial(visible_faces, image_size=scenes.SIZE))


def test_the_order_of_faces_changes_nothing_but_ties():
    rng = np.random.default_rng(0)
    for seed in range(6):
        triangles = scenes.soup(seed)
        order = rng.permutation(scenes.NUM_FACES)
        first = np.asarray(find(triangles))
        second = np.asarray(find(triangles[:, order]))
        np.testing.assert_array_equal(first < 0, second < 0)
        for mesh, one, other in zip(triangles, first, second, strict=True):
            seen = one >= 0
            same = order[other] == one
            tied = np.sort(mesh[one], axis=-2) == np.sort(mesh[order][other], axis=-2)
            flat = (mesh[one][..., 2] == 2) & (mesh[order][other][..., 2] == 2)
            excused = tied.all((-1, -2)) | flat.all(-1)
            assert (same | excused)[seen].all()
            assert same[seen].mean() > 0.5


def test_equal_depths_go_to_the_lower_index():
    triangles = scenes.spheres()
    twice = np.concatenate([triangles[:, :40]] * 2, axis=1)
    alone = np.concatenate([triangles[:, :40], np.zeros_like(triangles[:, 40:])], 1)
    shown = np.asarray(find(twice))
    np.testing.assert_array_equal(shown, find(alone))
    assert shown.max() > 0


def test_the_slow_search_finds_the_same_faces():
    slow = functools.partial(visible_faces, implementation="dense")
    triangles = scenes.soup(3)
    slowly = jax.jit(functools.partial(slow, image_size=scenes.SIZE))(triangles)
    np.testing.assert_array_equal(find(triangles), slowly)


def test_interpenetrating_faces_are_cut_where_their_depths_are_equal():
    square = np.array([[-3, -3, 2], [3, -3, 2], [0, 4, 2]])
    ramp = square * [1, 1, 0] + square[:, :1] * [0, 0, 0.3] + [0, 0, 2]
    triangles = np.zeros((2, scenes.NUM_FACES, 3, 3), np.float32)
    triangles[:, 5], triangles[:, 9] = square, ramp
    x, _ = reference.pixel_centres(scenes.SIZE)
    expected = np.where(x > 0, 5, 9)
    inside = reference.draw(triangles[0], scenes.SIZE).face >= 0
    found = np.asarray(find(triangles))[0]
    np.testing.assert_array_equal(found, np.where(inside, expected, -1))
    assert inside.mean() > 0.5


def test_an_unknown_implementation_is_named():
    message = r"implementation: expected 'blocks' or 'dense', got 'tiles'"
    with pytest.raises(ValueError, match=message):
        visible_faces(scenes.spheres(), scenes.SIZE, implementation="tiles")
