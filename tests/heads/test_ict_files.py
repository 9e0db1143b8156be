"""The owners' own files; `ICT_FACEKIT` names their folder, or a packed file of them."""

import os
from pathlib import Path

import numpy as np
import pytest

from face_jax.geometry.landmarks import MEDIAPIPE_105
from face_jax.heads import ict
from face_jax.heads.storage import load_head, save_head
from tests.measure.ict_compact import read_packed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("ICT_FACEKIT" not in os.environ, reason="ICT_FACEKIT not set"),
]


@pytest.fixture(scope="module")
def head():
    path = Path(os.environ["ICT_FACEKIT"])
    if path.suffix == ".npz":
        return ict.head_from_geometry(read_packed(path))
    files = ict.find_files(path, allow_missing=True)
    return ict.head_from_geometry(ict.read_files(files))


@pytest.fixture(scope="module")
def points(head):
    """The 68 landmarks in centimetres."""
    corners = np.asarray(head.faces)[head.landmarks["full_68"].faces]
    bary = np.asarray(head.landmarks["full_68"].bary)
    return 100 * (bary[..., None] * np.asarray(head.template)[corners]).sum(axis=1)


def test_faces_look_outwards(head):
    corners = np.asarray(head.template)[np.asarray(head.faces)]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    crown = corners[..., 1].min(axis=1) > 0.06  # round about the origin
    assert crown.sum() > 1000
    assert ((normals * corners.mean(axis=1)).sum(axis=1)[crown] > 0).all()


def test_landmarks_are_a_face(points):
    mirror = [
        *range(16, -1, -1),
        *range(26, 16, -1),
        27,
        28,
        29,
        30,
        *range(35, 30, -1),
    ]
    mirror += [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    mirror += [*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65]
    np.testing.assert_allclose(points[mirror] * [-1, 1, 1], points, atol=0.06)
    x, y, z = points.T
    assert np.all(np.diff(x[:17]) > 0) and y[8] == y[:17].min()
    eyes, brows, mouth = slice(36, 48), slice(17, 27), slice(48, 68)
    assert y[brows].min() > y[eyes].max() > y[30] > y[mouth].max() > y[8]
    assert z.argmax() == 30  # the tip of the nose


def test_landmarks_lie_in_their_regions(head):
    corners = np.asarray(head.faces)[head.landmarks["full_68"].faces]
    of = {name: np.asarray(mask)[corners] for name, mask in head.regions.items()}
    mouth = [48, 49, *range(53, 68)]  # 50 to 52 lie on the skin above the border
    assert of["lips"][mouth].any(axis=1).all() and not of["lips"][:48].any()
    assert of["nose"][28:36].any(axis=1).all() and not of["nose"][:17].any()
    assert of["left_eye_region"][42:48].all() and of["right_eye_region"][36:42].all()


def test_mediapipe_points_lie_on_lids_lips_and_brows(head, points):
    embedding = head.landmarks["mediapipe_105"]
    corners = np.asarray(head.template)[np.asarray(head.faces)[embedding.faces]]
    found = 100 * (np.asarray(embedding.bary)[..., None] * corners).sum(axis=1)
    place = {index: row for row, index in enumerate(MEDIAPIPE_105)}
    for index, landmark in ((33, 36), (133, 39), (362, 42), (263, 45), (61, 48)):
        np.testing.assert_allclose(found[place[index]], points[landmark], atol=0.03)
    for index, landmark in ((291, 54), (0, 51), (17, 57), (13, 62), (14, 66), (4, 30)):
        np.testing.assert_allclose(found[place[index]], points[landmark], atol=0.03)
    left, right = found[20:36], found[36:52]
    for eye, landmarks in ((left, points[42:48]), (right, points[36:42])):
        centre, spread = landmarks.mean(axis=0), np.ptp(landmarks, axis=0)
        assert (abs(eye - centre) < 0.7 * spread + 0.1).all()
    for lip in found[65:]:
        assert np.linalg.norm(points[48:] - lip, axis=1).min() < 0.8
    assert found[:20, 1].min() > points[36:48, 1].max()


def test_contour_is_the_jaw_from_the_front_and_slides_when_turned(head, points):
    embedding = head.landmarks["contour_79"]
    corners = np.asarray(head.template)[np.asarray(head.faces)[embedding.faces]]
    contour = 100 * (np.asarray(embedding.bary)[..., None] * corners).sum(axis=2)
    # The jaw line rises to the temples behind the widest place of its level.
    np.testing.assert_allclose(contour[0, :, :2], points[:17, :2], atol=0.3)
    assert (np.diff(contour[:40, 9:, 2].max(axis=1)) >= 0).all()  # left, forwards
    np.testing.assert_allclose(contour[39, :8, 2], points[:8, 2], atol=0.3)
    turned = contour[78] * [-1, 1, 1]
    np.testing.assert_allclose(turned[::-1], contour[39], atol=0.1)


def test_irises_lie_between_the_lids(head, points):
    names = np.array(head.material_names)[np.asarray(head.face_materials)]
    vertices = 100 * np.asarray(head.template)[np.asarray(head.faces)[names == "iris"]]
    for rows, left in ((slice(42, 48), True), (slice(36, 42), False)):
        middle = vertices[(vertices[..., 0] > 0).all(axis=1) == left].mean(axis=(0, 1))
        low, high = points[rows].min(axis=0), points[rows].max(axis=0)
        high[2] += 1  # lids lie on the eyeball
        assert np.all((low < middle) & (middle < high))


def test_regions_mirror(head):
    sizes = {name: int(mask.sum()) for name, mask in head.regions.items()}
    for name in ("ear", "eyeball", "eye_region"):
        assert sizes[f"left_{name}"] == pytest.approx(sizes[f"right_{name}"], rel=0.02)


def test_jaw_open_moves_the_lower_teeth_alone(head):
    move = np.asarray(head.expression_basis)[
        ..., head.expression_names.index("jawOpen")
    ]
    teeth = np.asarray(head.regions["teeth"])
    moved = np.linalg.norm(move[teeth], axis=1) > 0.005
    assert 0.45 < moved.mean() < 0.55
    assert np.asarray(head.template)[teeth][moved][:, 1].max() < -0.028
    scalp = np.asarray(head.regions["scalp"])
    assert np.linalg.norm(move[scalp], axis=1).max() < 0.002


def test_compact_file_is_exact_to_a_micrometre(head, tmp_path):
    save_head(tmp_path / "head.npz", head, compact=True)
    found = load_head(tmp_path / "head.npz")
    for field in ("identity_basis", "expression_basis"):
        error = np.asarray(getattr(found, field)) - np.asarray(getattr(head, field))
        assert np.abs(error).max() < 1e-6
