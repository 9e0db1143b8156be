import numpy as np

from face_jax.latent_ofer.occluded_faces import (
    OccludedFaces,
    kind_rows,
    spread_over_kinds,
)

NAMES = ("none", "hand", "block", "cup", "scarf")
KINDS = np.array([2, 0, 1, 2, 4, 1, 0])


def test_rows_of_seen_kinds_come_first():
    rows = kind_rows(KINDS, NAMES, unseen=("hand", "cup"))
    # No picture has a cup.
    assert {name: np.flatnonzero(row).tolist() for name, row in rows.items()} == {
        "block": [0, 3],
        "scarf": [4],
        "hand": [2, 5],
        "seen kinds": [0, 3, 4],
        "unseen kinds": [2, 5],
        "uncovered": [1, 6],
    }
    assert list(rows)[:3] == ["block", "scarf", "hand"]


def test_rows_without_a_picture_are_left_out():
    assert list(kind_rows(np.zeros(2, int), NAMES, ())) == ["uncovered"]


def test_pictures_are_spread_over_kinds():
    kinds = np.array([3, 1, 1, 1, 1, 3, 2])
    assert spread_over_kinds(kinds, 5).tolist() == [1, 2, 6, 0, 5]
    assert spread_over_kinds(kinds, 3).tolist() == [1, 6, 0]
    assert len(spread_over_kinds(kinds, 20)) == 7


def test_patches_are_covered_from_a_share_on():
    masks = np.zeros((2, 4, 4), np.uint8)
    masks[0, 0, :2], masks[0, 2, 2] = 255, 100
    pictures = np.zeros((2, 4, 4, 3), np.uint8)
    faces = OccludedFaces(pictures, pictures, masks, np.array([1, 0]))
    assert faces.covered(2, 0.5).tolist() == [[True, False, False, False], [False] * 4]
    assert not faces.covered(2, 0.6).any()
    # A faint shadow covers nothing and leaves nothing untouched.
    assert faces.untouched(2)[0].tolist() == [False, True, True, False]
    assert faces.take(np.array([1])).kinds.tolist() == [0]
