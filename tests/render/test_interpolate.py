import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.render import Fragments, interpolate
from tests.render import scenes

BATCH, SIZE, VERTICES, DEPTH = 2, (5, 7), 6, 4
FACES = np.array([[0, 1, 2], [2, 1, 3], [5, 4, 0]])


def fragments():
    """Any picture at all: faces and weights need not belong to a mesh."""
    rng = np.random.default_rng(0)
    faces = rng.integers(-1, len(FACES), (BATCH, *SIZE)).astype(np.int32)
    bary = rng.normal(size=(*faces.shape, 3)).astype(np.float32)
    depth = rng.uniform(1, 2, faces.shape).astype(np.float32)
    return Fragments(jnp.asarray(faces), jnp.asarray(bary), jnp.asarray(depth))


def blended(fragments, corners, fill):
    """Pixel by pixel; corners [B, F, 3, D]."""
    images = np.full((BATCH, *SIZE, DEPTH), fill, np.float64)
    for b, row, column in np.argwhere(np.asarray(fragments.pix_to_face) >= 0):
        face = fragments.pix_to_face[b, row, column]
        weights = np.asarray(fragments.bary[b, row, column], np.float64)
        images[b, row, column] = weights @ corners[b, face]
    return images


@pytest.mark.parametrize(
    ("owner", "shared", "fill"),
    [
        ("vertices", False, 0.0),
        ("vertices", True, -3.5),
        ("corners", False, -3.5),
        ("corners", True, 0.0),
    ],
)
def test_attributes_are_blended_pixel_by_pixel(owner, shared, fill):
    found = fragments()
    shape = (VERTICES, DEPTH) if owner == "vertices" else (len(FACES), 3, DEPTH)
    given = scenes.normal(1, *shape) if shared else scenes.normal(1, BATCH, *shape)
    faces = FACES if owner == "vertices" else None
    draw = functools.partial(interpolate, faces=faces, fill=fill)
    images = jax.jit(draw)(found, given)
    corners = np.broadcast_to(given, (BATCH, *shape))
    if owner == "vertices":
        corners = corners[:, FACES]
    assert images.dtype == jnp.float32
    np.testing.assert_allclose(images, blended(found, corners, fill), atol=1e-5)


def test_gradients_reach_attributes_and_weights():
    found, given = fragments(), scenes.normal(1, VERTICES, DEPTH)
    upstream = scenes.normal(2, BATCH, *SIZE, DEPTH)

    @jax.jit
    def gradients(bary, given):
        def draw(bary, given):
            return interpolate(found.replace(bary=bary), given, FACES, fill=2.0)

        return jax.vjp(draw, bary, given)[1](upstream)

    of_bary, of_given = gradients(found.bary, given)
    expected_bary, expected_given = np.zeros(of_bary.shape), np.zeros(of_given.shape)
    for place in np.argwhere(np.asarray(found.pix_to_face) >= 0):
        b, row, column = place
        corners = FACES[found.pix_to_face[b, row, column]]
        change = upstream[b, row, column]
        expected_bary[b, row, column] = given[corners] @ change
        weights = np.asarray(found.bary[b, row, column])
        expected_given[corners] += weights[:, None] * change
    np.testing.assert_allclose(of_bary, expected_bary, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(of_given, expected_given, rtol=1e-4, atol=1e-5)


def test_bfloat16_is_blended_in_float32():
    found, given = fragments(), jnp.asarray(scenes.normal(1, VERTICES, DEPTH))
    rounded = given.astype(jnp.bfloat16)
    images = jax.jit(lambda given: interpolate(found, given, FACES))(rounded)
    assert images.dtype == jnp.float32
    corners = np.broadcast_to(np.float64(rounded), (BATCH, *given.shape))[:, FACES]
    np.testing.assert_allclose(images, blended(found, corners, 0.0), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "faces", "message"),
    [
        ((3, 6, 4), FACES, r"\[B, V, D\] with B = 2, or without B, got \(3, 6, 4\)"),
        ((6,), FACES, r"\[B, V, D\] with B = 2, or without B, got \(6,\)"),
        ((2, 3, 2, 4), None, r"\[B, F, 3, D\] .* got \(2, 3, 2, 4\)"),
        ((3, 3), None, r"\[B, F, 3, D\] .* got \(3, 3\)"),
    ],
)
def test_attributes_that_do_not_fit_are_refused(shape, faces, message):
    with pytest.raises(ValueError, match=f"attributes: expected {message}"):
        interpolate(fragments(), jnp.zeros(shape), faces)


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (np.zeros((3, 4), int), r"integers \[F, 3\], got int\d+ \(3, 4\)"),
        (np.zeros((3, 3)), r"integers \[F, 3\], got float\d+ \(3, 3\)"),
        (FACES + 1, r"rows in \[0, 6\), got 1 to 6"),
    ],
)
def test_faces_that_do_not_fit_are_refused(faces, message):
    with pytest.raises(ValueError, match=f"faces: expected {message}"):
        interpolate(fragments(), jnp.zeros((BATCH, VERTICES, DEPTH)), faces)
