"""Closed derivatives against differences of the reference, with visibility fixed."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.render.rasterize import evaluate
from face_jax.render.surface import blend_at, values_at
from tests.render import reference, scenes

SIZE = (8, 12)  # all centres are exact in float32
DEPTH, NUM_FACES = 2, scenes.NUM_FACES + 1


@functools.cache
def scene(perspective):
    """Corners [B, F, 3, 3 + D] in float64, their move, and faces [B, H, W].

    The last face is so small that what is added to its area counts.
    """
    x, y = (centre[0, -1] for centre in reference.pixel_centres(SIZE))
    small = [[x, y, 3.0]] + 1e-3 * np.array([[-1, -1, 0], [1, -0.7, 1], [0.1, 0.8, 2]])
    batch = scenes.spheres().astype(np.float64)
    triangles = np.concatenate([batch, np.stack([small, small])[:, None]], axis=1)
    values = scenes.normal(1, *triangles.shape[:3], DEPTH)
    corners = np.concatenate([triangles, values], axis=-1)
    pictures = [reference.draw(mesh, SIZE, perspective=perspective) for mesh in corners]
    faces = np.stack([picture.face for picture in pictures]).astype(np.int32)
    assert (faces[:, 0, -1] == NUM_FACES - 1).all()
    assert 0.2 < (faces >= 0).mean() < 0.9
    move = scenes.normal(2, *corners.shape).astype(np.float64)
    move[:, -1] *= 1e-3
    return corners, move, faces


def expected(corners, faces, perspective):
    pairs = [
        np.concatenate(reference.surface(mesh, face, perspective), axis=-1)
        for mesh, face in zip(corners, faces, strict=True)
    ]
    return np.stack(pairs)


@functools.partial(jax.jit, static_argnames="perspective")
def found(corners, move, faces, weights, perspective):
    """Values, their change as the corners move, and the gradient of their sum."""

    def joined(corners):
        fragments, values = evaluate(corners, faces, perspective)
        depth = fragments.zbuf[..., None]
        return jnp.concatenate([fragments.bary, depth, values], axis=-1)

    values, change = jax.jvp(joined, (corners,), (move,))
    return values, change, jax.vjp(joined, corners)[1](weights)[0]


@pytest.mark.parametrize("perspective", [False, True])
def test_values_and_both_derivatives_in_float64(perspective):
    corners, move, faces = scene(perspective)
    weights = scenes.normal(4, *faces.shape, 4 + DEPTH).astype(np.float64)
    with jax.enable_x64(True):
        values, change, gradient = map(
            np.asarray, found(corners, move, faces, weights, perspective)
        )
    assert values.dtype == np.float64
    wanted = expected(corners, faces, perspective)
    np.testing.assert_allclose(values, wanted, atol=1e-7)
    step = 1e-6
    above, below = (
        expected(corners + sign * step * move, faces, perspective) for sign in (1, -1)
    )
    slope = (above - below) / (2 * step)
    np.testing.assert_allclose(change, slope, rtol=1e-6, atol=1e-7)
    total = np.sum(weights * change)
    np.testing.assert_allclose(np.sum(gradient * move), total, rtol=1e-9)


def test_gradients_of_single_coordinates_are_differences():
    corners, _, faces = scene(False)
    weights = scenes.normal(5, *faces.shape, 4 + DEPTH).astype(np.float64)
    with jax.enable_x64(True):
        gradient = np.asarray(found(corners, corners, faces, weights, False)[2])
    first = corners[:1]
    seen = np.unique(faces[0][faces[0] >= 0])
    for face in (*np.random.default_rng(0).choice(seen, 3), NUM_FACES - 1):

        def loss(corners, face=face):
            moved = first.copy()
            moved[:, face] = corners
            return np.sum(expected(moved, faces[:1], False) * weights[:1])

        slopes = scenes.central_differences(loss, first[0, face], step=1e-7)
        np.testing.assert_allclose(gradient[0, face], slopes, rtol=1e-5, atol=1e-5)
    unseen = np.setdiff1d(np.arange(NUM_FACES), seen)
    assert not gradient[0, unseen].any()


def test_float32_derivatives_are_those_of_float64(perspective=False):
    corners, move, faces = scene(perspective)
    weights = scenes.normal(4, *faces.shape, 4 + DEPTH)
    with jax.enable_x64(True):
        exact = found(corners, move, faces, weights.astype(float), perspective)
        exact = [np.asarray(array) for array in exact]
    single = found(np.float32(corners), np.float32(move), faces, weights, perspective)
    for array, wanted in zip(single, exact, strict=True):
        assert array.dtype == jnp.float32
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(array, wanted, atol=1e-4 * scale)


@pytest.mark.slow
def test_forward_and_reverse_jacobians_are_equal(perspective=True):
    corners, _, faces = scene(perspective)
    mesh, face = np.float32(corners[:1, :, :, :3]), faces[:1]
    directions = scenes.normal(6, 3, *mesh.shape)
    weights = scenes.normal(8, 3, *face.shape, 4)

    def summary(amounts):
        moved = mesh + jnp.tensordot(amounts, directions, 1)
        fragments, _ = evaluate(moved, face, perspective)
        of_bary = jnp.tensordot(weights[..., :3], fragments.bary, fragments.bary.ndim)
        return of_bary + jnp.tensordot(weights[..., 3], fragments.zbuf, 3)

    jacobians = jax.jit(lambda x: (jax.jacfwd(summary)(x), jax.jacrev(summary)(x)))
    forward, reverse = map(np.asarray, jacobians(jnp.zeros(3)))
    scale = np.abs(forward).max()
    assert scale > 1
    np.testing.assert_allclose(forward, reverse, atol=1e-5 * scale)


def test_values_are_taken_at_corners_and_missing_ones_are_nan():
    values = scenes.normal(0, 2, 5, 3)
    places = np.array([[0, 4, 2], [-1, 5, 6], [3, 3, 2**31 - 1]], np.int32)
    taken = np.asarray(jax.jit(values_at)(values, places))
    missing = (places < 0) | (places > 4)
    assert np.isnan(taken[:, missing]).all()
    np.testing.assert_array_equal(taken[:, ~missing], values[:, places[~missing]])


def test_points_without_a_face_blend_to_zero():
    table, faces = scenes.normal(0, 4, 6), np.array([2, 4, 0])
    weights = tuple(scenes.normal(1, 3, 3))
    blended = np.stack(jax.jit(blend_at)(table, faces, weights), axis=-1)
    of_first = np.array([w[0] for w in weights]) @ np.reshape(table[2], (3, 2))
    np.testing.assert_allclose(blended[0], of_first, rtol=1e-5)
    assert not blended[1].any()
