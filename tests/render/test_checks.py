"""What is wrong is named, with what was expected and what came."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.render import rasterize, rasterize_attributes
from face_jax.render.checks import check_image_size, check_mesh, check_points

VERTICES = np.zeros((2, 5, 3), np.float32)
FACES = np.array([[0, 1, 2], [2, 3, 4]])


@pytest.mark.parametrize(
    ("vertices", "came"),
    [
        (np.zeros((5, 3), np.float32), r"float32 \(5, 3\)"),
        (np.zeros((2, 5, 2), np.float32), r"float32 \(2, 5, 2\)"),
        (np.zeros((2, 5, 3), np.int32), r"int32 \(2, 5, 3\)"),
        (np.zeros((2, 5, 3), np.complex64), r"complex64 \(2, 5, 3\)"),
        (np.zeros((0, 5, 3), np.float32), r"float32 \(0, 5, 3\)"),
        (np.zeros((2, 0, 3), np.float32), r"float32 \(2, 0, 3\)"),
    ],
)
def test_vertices(vertices, came):
    with pytest.raises(
        ValueError, match=rf"vertices: .* floats \[B, V, 3\], got {came}"
    ):
        rasterize(vertices, FACES, (4, 4))


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (FACES[0], r"expected integers \[F, 3\], got int\d+ \(3,\)"),
        (np.zeros((2, 4), int), r"expected integers \[F, 3\], got int\d+ \(2, 4\)"),
        (FACES.astype(float), r"expected integers \[F, 3\], got float\d+ \(2, 3\)"),
        (FACES > 0, r"expected integers \[F, 3\], got bool \(2, 3\)"),
        (FACES[:0], "expected at least one face, got none"),
        (FACES + 1, r"expected rows in \[0, 5\), got 1 to 5"),
        (FACES - 1, r"expected rows in \[0, 5\), got -1 to 3"),
        (jnp.asarray(FACES) - 1, r"expected rows in \[0, 5\), got -1 to 3"),
    ],
)
def test_faces(faces, message):
    with pytest.raises(ValueError, match=f"faces: {message}"):
        rasterize(VERTICES, faces, (4, 4))


def test_rows_of_faces_are_not_seen_under_jit():
    jax.eval_shape(lambda faces: rasterize(VERTICES, faces, (4, 4)), FACES + 9)
    with pytest.raises(ValueError, match=r"faces: expected integers \[F, 3\]"):
        jax.eval_shape(lambda faces: rasterize(VERTICES, faces, (4, 4)), FACES[0])


@pytest.mark.parametrize(
    "size", [(4,), (4, 4, 3), (0, 4), (4, -1), (4.0, 4), [4, 4], 4, "44", None]
)
def test_image_size(size):
    with pytest.raises(ValueError, match=r"image_size: .* \(height, width\) in pixels"):
        rasterize(VERTICES, FACES, size)


def test_sizes_may_be_integers_of_numpy():
    check_image_size((np.int64(4), np.int32(3)))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 5, 2), r"expected \(2, 5\) rows as in vertices, got \(3, 5\)"),
        ((2, 4, 2), r"expected \(2, 5\) rows as in vertices, got \(2, 4\)"),
        ((5, 2), r"expected floats \[B, V, D\], got float32 \(5, 2\)"),
    ],
)
def test_attributes(shape, message):
    with pytest.raises(ValueError, match=f"attributes: {message}"):
        rasterize_attributes(VERTICES, FACES, (4, 4), jnp.zeros(shape))


def test_more_faces_than_can_be_counted():
    vertices = jax.ShapeDtypeStruct((2**20, 5, 3), jnp.float32)
    faces = np.zeros((2**11, 3), np.int32)
    message = "vertices: 1048576 meshes of 2048 faces are more faces than int32"
    with pytest.raises(ValueError, match=message):
        jax.eval_shape(lambda vertices: check_mesh(vertices, faces), vertices)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, jnp.bfloat16])
def test_floats_of_any_width_are_taken(dtype):
    check_points("vertices", np.zeros((1, 2, 3), dtype), 3)
