"""What the procedural head's identity, expressions, joints and landmarks do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters, pose_head
from face_jax.geometry.landmarks import MEDIAPIPE_105, surface_points
from face_jax.heads.procedural import procedural_head
from face_jax.heads.procedural.assembly import assemble

SIDES = np.array([-1.0, 1.0, 1.0])
MILLIMETRE = 1e-3


@pytest.fixture(scope="module")
def head():
    return procedural_head()


def moved(head, **weights):
    """Vertices [V, 3] of the head with expressions set; both sides of a bare name."""
    vertices = np.asarray(head.template, np.float64)
    for name, weight in weights.items():
        names = [name] if name in head.expression_names else [f"{name}_L", f"{name}_R"]
        for one in names:
            column = head.expression_names.index(one)
            direction = np.asarray(head.expression_basis[..., column], np.float64)
            vertices = vertices + weight * direction
    return vertices


def landmarks(head, vertices, name="full_68"):
    points = surface_points(jnp.asarray(vertices), head.faces, head.landmarks[name])
    return np.asarray(points, np.float64)


def mouth_opening(points):
    return np.linalg.norm(points[62] - points[66])


def eye_openings(points):
    """Mean distances of the lids of the right and the left eye."""
    right = np.linalg.norm(points[[37, 38]] - points[[41, 40]], axis=1).mean()
    left = np.linalg.norm(points[[43, 44]] - points[[47, 46]], axis=1).mean()
    return right, left


def test_expressions_are_those_of_arkit_in_the_spelling_of_ict(head):
    both = [
        "eyeLookDown",
        "eyeLookIn",
        "eyeLookOut",
        "eyeLookUp",
        "mouthSmile",
        "browInnerUp",
    ]
    assert {f"{name}_{side}" for name in both for side in "LR"} <= set(
        head.expression_names
    )
    assert {"jawOpen", "mouthPucker", "mouthClose"} <= set(head.expression_names)
    assert len(head.expression_names) == 55
    assert list(head.expression_names) == sorted(head.expression_names)


def test_pairs_of_expressions_mirror_each_other(head):
    mirror, names = assemble().mirror, head.expression_names
    basis = np.asarray(head.expression_basis)
    pairs = [(f"{name[:-2]}_L", f"{name[:-2]}_R") for name in names if "_L" in name]
    pairs += [("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")]
    pairs += [(name, name) for name in ("jawOpen", "mouthPucker", "mouthClose")]
    for left, right in pairs:
        one, other = basis[..., names.index(left)], basis[..., names.index(right)]
        np.testing.assert_allclose(one[mirror] * SIDES, other, atol=2e-9, err_msg=left)


def test_every_direction_moves_something_and_nothing_far(head):
    for basis, limit in ((head.expression_basis, 0.06), (head.identity_basis, 0.012)):
        way = np.linalg.norm(np.asarray(basis), axis=1).max(axis=0)
        assert (way > 0.4 * MILLIMETRE).all()
        assert (way < limit).all()


def test_landmarks_lie_in_the_order_of_the_mark_up(head):
    points = landmarks(head, head.template)
    x, y, z = points.T
    assert (np.diff(x[:17]) > 0).all()  # from the right ear past the chin
    assert y[8] == y.min()
    assert (np.diff(x[17:27]) > 0).all()
    assert (np.diff(y[27:31]) < 0).all()
    assert z[30] == z.max()
    assert (np.diff(x[31:36]) > 0).all()
    assert x[36] < x[37] < x[38] < x[39] < 0 < x[42] < x[43] < x[44] < x[45]
    assert (y[[37, 38]] > y[[41, 40]]).all()
    assert (y[[43, 44]] > y[[47, 46]]).all()
    assert (np.diff(x[48:55]) > 0).all()
    assert (np.diff(x[54:60]) < 0).all()
    assert y[51] > y[62] >= y[66] > y[57]
    np.testing.assert_allclose(points[36] * SIDES, points[45], atol=1e-7)


def test_fixed_and_moving_landmarks_are_one_set(head):
    static, full = head.landmarks["static_51"], head.landmarks["full_68"]
    np.testing.assert_array_equal(static.faces, full.faces[17:])
    contour = head.landmarks["contour_79"]
    assert contour.faces.shape == (79, 17)
    np.testing.assert_array_equal(contour.faces[0], full.faces[:17])


@pytest.mark.parametrize(("row", "yaw"), [(25, 25), (39, 39), (64, -25), (78, -39)])
def test_contours_reach_the_silhouette_of_the_turned_head(head, row, yaw):
    angle = np.radians(yaw)
    contour = jax.tree.map(lambda part: part[row], head.landmarks["contour_79"])
    points = np.asarray(surface_points(head.template, head.faces, contour))
    side = np.sign(yaw)
    # The side that turns away: what lies furthest at the height of a point.
    far = points[slice(11, 16) if yaw > 0 else slice(1, 6)]
    face = np.asarray(head.template)[np.asarray(head.regions["face"])]
    for point in far:
        level = face[np.abs(face[:, 1] - point[1]) < 2 * MILLIMETRE]
        reach = side * (level[:, 0] * np.cos(angle) + level[:, 2] * np.sin(angle))
        own = side * (point[0] * np.cos(angle) + point[2] * np.sin(angle))
        # Nose and lips reach further in profile; the contour is that of the cheek.
        cheek = np.abs(level[:, 0]) > 28 * MILLIMETRE
        assert own > reach[cheek].max() - 3 * MILLIMETRE


def test_mediapipe_landmarks_agree_with_the_68_where_both_mean_the_same(head):
    points = landmarks(head, head.template)
    mediapipe = landmarks(head, head.template, "mediapipe_105")
    same = {33: 36, 133: 39, 362: 42, 263: 45, 61: 48, 291: 54, 0: 51, 17: 57, 2: 33}
    for index, landmark in same.items():
        found = mediapipe[MEDIAPIPE_105.index(index)]
        assert np.linalg.norm(found - points[landmark]) < 3 * MILLIMETRE


def test_the_jaw_opens_the_mouth_and_takes_teeth_and_tongue_along(head):
    closed = landmarks(head, head.template)
    assert mouth_opening(closed) < 1.5 * MILLIMETRE
    openings = [
        mouth_opening(landmarks(head, moved(head, jawOpen=weight)))
        for weight in (0.0, 0.3, 0.6, 1.0)
    ]
    assert (np.diff(openings) > 8 * MILLIMETRE).all()
    down = (moved(head, jawOpen=1.0) - np.asarray(head.template))[:, 1]
    assert down[np.asarray(head.regions["lower_teeth"])].max() < -5 * MILLIMETRE
    assert down[np.asarray(head.regions["tongue"])].max() < 0
    assert np.abs(down[np.asarray(head.regions["upper_teeth"])]).max() == 0


def test_the_jaw_joint_opens_the_mouth_too(head):
    jaw = jnp.array([0.35, 0.0, 0.0])
    posed = pose_head(head, HeadParameters(jaw_params=jaw)).vertices
    opened = landmarks(head, np.asarray(posed))
    directly = landmarks(head, moved(head, jawOpen=0.35 / np.radians(21.0)))
    assert mouth_opening(opened) == pytest.approx(mouth_opening(directly), rel=0.1)


def test_a_closed_mouth_stays_closed_on_an_open_jaw(head):
    opened = mouth_opening(landmarks(head, moved(head, jawOpen=1.0)))
    closed = mouth_opening(landmarks(head, moved(head, jawOpen=1.0, mouthClose=1.0)))
    assert closed < 0.1 * opened


def test_blinking_closes_one_eye_on_the_eyeball(head):
    rest = eye_openings(landmarks(head, head.template))
    assert min(rest) > 7 * MILLIMETRE
    right, left = eye_openings(landmarks(head, moved(head, eyeBlink_L=1.0)))
    assert left < 1.2 * MILLIMETRE
    assert right == pytest.approx(rest[0])
    wide = eye_openings(landmarks(head, moved(head, eyeWide=1.0)))
    assert min(wide) > max(rest) + 1.5 * MILLIMETRE


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_lids_never_sink_into_the_eyeball(head, weight):
    points = landmarks(head, moved(head, eyeBlink=weight), "mediapipe_105")[20:52]
    centre = np.asarray(head.joint_regressor[3] @ head.template)
    left = points[points[:, 0] > 0]
    assert np.linalg.norm(left - centre, axis=1).min() > 12.3 * MILLIMETRE


def test_eyelid_parameters_close_the_eyes(head):
    lids = jnp.array([1.0, 0.0])
    posed = pose_head(head, HeadParameters(eyelid_params=lids)).vertices
    right, left = eye_openings(landmarks(head, np.asarray(posed)))
    assert left < 1.2 * MILLIMETRE < 7 * MILLIMETRE < right


def test_eyeballs_turn_where_the_look_goes(head):
    mask = np.asarray(head.regions["left_eyeball"])
    names = np.array(head.material_names)[np.asarray(head.face_materials)]
    pupil = np.unique(np.asarray(head.faces)[names == "pupil"])
    pupil = pupil[mask[pupil]]
    rest = np.asarray(head.template)[pupil].mean(axis=0)
    expected = {"Down": (1, -1), "Up": (1, 1), "In": (0, -1), "Out": (0, 1)}
    for name, (axis, sign) in expected.items():
        way = moved(head, **{f"eyeLook{name}_L": 1.0})[pupil].mean(axis=0) - rest
        assert sign * way[axis] > 4 * MILLIMETRE, name
        assert np.abs(np.delete(way, [axis, 2])).max() < 0.1 * MILLIMETRE, name


@pytest.mark.parametrize(
    ("name", "landmark", "direction"),
    [
        ("mouthSmile_L", 54, (1, 1, 0)),
        ("mouthFrown_L", 54, (0, -1, 0)),
        ("mouthStretch_L", 54, (1, 0, 0)),
        ("mouthPucker", 54, (-1, 0, 0)),
        ("browDown_L", 23, (0, -1, 0)),
        ("browInnerUp_L", 22, (0, 1, 0)),
        ("browOuterUp_L", 25, (0, 1, 0)),
        ("mouthUpperUp_L", 52, (0, 1, 0)),
        ("mouthLowerDown_L", 56, (0, -1, 0)),
        ("mouthLeft", 51, (1, 0, 0)),
        ("jawLeft", 8, (1, 0, 0)),
        ("jawForward", 8, (0, 0, 1)),
        ("noseSneer_L", 35, (0, 1, 0)),
        ("mouthShrugLower", 57, (0, 1, 0)),
    ],
)
def test_expressions_go_where_their_names_say(head, name, landmark, direction):
    points = landmarks(head, moved(head, **{name: 1.0}))
    way = points[landmark] - landmarks(head, head.template)[landmark]
    assert way @ np.array(direction) > 2 * MILLIMETRE
    if name.endswith("_L"):
        opposite = {54: 48, 23: 20, 22: 21, 25: 18, 52: 50, 56: 58, 35: 31}[landmark]
        other = points[opposite] - landmarks(head, head.template)[opposite]
        assert np.linalg.norm(other) < 0.5 * np.linalg.norm(way)


def test_people_keep_round_eyes_within_their_lids(head):
    rng = np.random.default_rng(3)
    ball = np.asarray(head.regions["left_eyeball"])
    for _ in range(5):
        weights = rng.standard_normal(len(head.identity_names))
        vertices = np.asarray(head.template) + np.asarray(head.identity_basis) @ weights
        centre = np.asarray(head.joint_regressor[3]) @ vertices
        radii = np.linalg.norm(vertices[ball] - centre, axis=1)
        assert np.ptp(radii) < 1.5 * MILLIMETRE
        lids = landmarks(head, vertices, "mediapipe_105")[20:36]
        distance = np.linalg.norm(lids - centre, axis=1)
        assert distance.min() > radii.mean() - 1.0 * MILLIMETRE


def test_traits_do_what_they_are_called(head):
    def change(name, landmark):
        column = head.identity_names.index(name)
        vertices = head.template + head.identity_basis[..., column]
        return (landmarks(head, vertices) - landmarks(head, head.template))[landmark]

    assert change("chin_length", 8)[1] < -2 * MILLIMETRE
    assert change("nose_protrusion", 30)[2] > 1 * MILLIMETRE
    assert change("mouth_width", 54)[0] > 1 * MILLIMETRE
    assert change("mouth_width", 48)[0] < -1 * MILLIMETRE
    assert change("eye_spacing", 42)[0] > 1 * MILLIMETRE
    assert change("brow_height", 24)[1] > 1 * MILLIMETRE
    assert change("jaw_width", 12)[0] > 2 * MILLIMETRE
