import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import HeadModel
from face_jax.smirk.region_weights import (
    PUBLISHED,
    read_triangle_masks,
    region_weights,
    region_weights_of_head,
)

FACES = np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6]])


def masks(**rows):
    """Every published region, empty unless given."""
    return {name: np.asarray(rows.get(name, []), int) for name, _ in PUBLISHED}


def test_later_regions_win():
    given = masks(
        neck=[0, 1], lips=[1, 2, 3], left_ear=[3], forehead=[4], cleaner_lips=[2]
    )
    weights = region_weights(given, 7)
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights, [0, 0.5, 1, 0, 1, 0, 0])


def test_a_region_that_is_not_there_is_named():
    given = masks()
    del given["left_eye_region"]
    with pytest.raises(ValueError, match="expected a region 'left_eye_region'"):
        region_weights(given, 7)


@pytest.mark.parametrize("row", [7, -1])
def test_triangles_that_are_not_there_are_refused(row):
    with pytest.raises(
        ValueError, match=r"nose: expected rows below 7, got .*" + f"{row}"
    ):
        region_weights(masks(nose=[3, row]), 7)


def head(**regions):
    flags = {
        name: jnp.asarray(np.isin(np.arange(7), vertices))
        for name, vertices in regions.items()
    }
    return HeadModel(
        template=jnp.zeros((7, 3)),
        faces=jnp.asarray(FACES),
        identity_basis=jnp.zeros((7, 3, 0)),
        expression_basis=jnp.zeros((7, 3, 0)),
        regions=flags,
        name="strip",
    )


def test_any_head_has_weights_by_its_regions():
    # Triangle 0 is face, 1 lips as well, 2 touches an eyeball, 3 and 4 are no face.
    given = head(face=[0, 1, 2, 3, 4], lips=[1, 2, 3], left_eyeball=[4])
    np.testing.assert_array_equal(region_weights_of_head(given), [1, 0.5, 0, 0, 0])


def test_triangles_must_lie_in_the_face_whole():
    weights = region_weights_of_head(head(face=[0, 1, 2, 3, 5]))
    np.testing.assert_array_equal(weights, [1, 1, 0, 0, 0])


def test_heads_without_a_face_are_refused():
    with pytest.raises(ValueError, match="head 'strip': expected a region 'face'"):
        region_weights_of_head(head(lips=[1]))


def test_published_masks_are_read(tmp_path):
    path = tmp_path / "FLAME_masks_triangles.npy"
    given = masks(lips=[4, 2], nose=[1])
    np.save(path, np.array(given, object))
    found = read_triangle_masks(path)
    assert set(found) == set(given)
    np.testing.assert_array_equal(found["lips"], [4, 2])
    np.testing.assert_array_equal(region_weights(found, 5), [0, 0.5, 0.5, 0, 0.5])


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (np.zeros(3), "expected named arrays, got <class 'numpy.ndarray'>"),
        (
            np.array({"lips": np.zeros(3)}, object),
            r"lips: expected whole numbers \[n\], got float64 \(3,\)",
        ),
        (
            np.array({"lips": np.zeros((2, 2), int)}, object),
            r"lips: expected whole numbers \[n\], got int64 \(2, 2\)",
        ),
    ],
)
def test_other_files_are_refused(tmp_path, contents, message):
    path = tmp_path / "masks.npy"
    np.save(path, contents)
    with pytest.raises(ValueError, match=message):
        read_triangle_masks(path)
