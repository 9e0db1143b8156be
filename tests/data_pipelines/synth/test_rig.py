import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from data_pipelines.synth.actions import ACTIONS, ROW, action_weights
from data_pipelines.synth.rig import JAW_OPEN, Rig, axis_angle
from face_jax.geometry.head import HeadModel

LOOKS = tuple(
    f"eyeLook{way}_{side}" for way in ("In", "Out", "Up", "Down") for side in "LR"
)


def head(names: tuple[str, ...], joints: tuple[str, ...] = (), **fields) -> HeadModel:
    vertices = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    return HeadModel(
        template=jnp.asarray(vertices),
        faces=jnp.zeros((1, 3), jnp.int32),
        identity_basis=jnp.zeros((12, 3, 1)),
        expression_basis=fields.pop("basis", jnp.zeros((12, 3, len(names)))),
        expression_names=names,
        joint_names=joints,
        name="test",
        **fields,
    )


def test_actions_go_to_the_directions_of_their_names():
    names = (*ACTIONS[::-1], *LOOKS)
    found = Rig(head(names)).parameters(
        action_weights({"mouthSmile_L": 0.7, "jawOpen": 0.3}),
        np.array([0.0, 0.0]),
        np.zeros(3),
    )
    expected = np.zeros(len(names), np.float32)
    expected[names.index("mouthSmile_L")] = 0.7
    expected[names.index("jawOpen")] = 0.3
    np.testing.assert_allclose(found.expression_params, expected)
    assert found.jaw_params is None and found.eyelid_params is None


def test_jaw_lids_and_eyes_fall_back_to_joints():
    names = tuple(n for n in ACTIONS if not n.startswith(("jaw", "eyeBlink")))
    rig = Rig(head(names, ("jaw", "left_eye"), eyelid_basis=jnp.zeros((12, 3, 2))))
    assert rig.missing == ("jawForward",)
    weights = action_weights({"jawOpen": 0.5, "eyeBlink_R": 0.25})
    found = rig.parameters(weights, np.array([0.2, 0.1]), np.zeros(3))
    np.testing.assert_allclose(found.jaw_params, [JAW_OPEN / 2, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(found.eyelid_params, [0, 0.25], atol=1e-7)
    left = Rotation.from_rotvec(np.asarray(found.eye_pose)[:3]).apply([0, 0, 1])
    yaw, pitch = np.arctan2(left[0], left[2]), np.arcsin(left[1])
    np.testing.assert_allclose([yaw, pitch], [0.2, 0.1], atol=1e-6)
    np.testing.assert_array_equal(found.eye_pose[:3], found.eye_pose[3:])


def test_the_eyes_own_directions_give_the_angle():
    names = (*ACTIONS, *LOOKS)
    ball = np.arange(12) < 6
    plain = head(names)
    basis = np.zeros((12, 3, len(names)), np.float32)
    around = np.asarray(plain.template)[ball]
    turn = Rotation.from_euler("y", 0.5).as_matrix()
    centre = around.mean(axis=0)
    moved = (around - centre) @ turn.T + centre - around
    basis[ball, :, names.index("eyeLookOut_L")] = moved
    model = head(
        names,
        ("left_eye",),
        basis=jnp.asarray(basis),
        regions={"left_eyeball": jnp.asarray(ball)},
    )
    found = Rig(model).parameters(
        action_weights({}), np.array([0.25, 0.0]), np.zeros(3)
    )
    assert found.eye_pose is None
    amount = found.expression_params[names.index("eyeLookOut_L")]
    assert amount == pytest.approx(0.5, abs=1e-4)


def test_turns_go_the_way_they_are_named():
    angles = np.array([[0.3, 0, 0], [0, 0.3, 0], [0, 0, 0.3], [0.3, 0.2, 0.1]])
    yaw, pitch, roll, all_three = Rotation.from_rotvec(np.asarray(axis_angle(angles)))
    ahead, up = [0, 0, 1], [0, 1, 0]
    assert yaw.apply(ahead)[0] > 0.2, "to the subject's left"
    assert pitch.apply(ahead)[1] > 0.2, "up"
    assert roll.apply(up)[0] > 0.2, "to the left shoulder"
    x, y, z = all_three.apply(ahead)
    np.testing.assert_allclose([np.arctan2(x, z), np.arcsin(y)], [0.3, 0.2], atol=1e-6)


def test_sequences_keep_their_axes():
    rig = Rig(head((*ACTIONS, *LOOKS)))
    found = rig.parameters(np.zeros((4, len(ROW))), np.zeros((4, 2)), np.zeros((4, 3)))
    assert found.expression_params.shape == (4, len(ACTIONS) + len(LOOKS))
    assert found.pose_params.shape == (4, 3)


def test_a_head_without_named_directions_is_refused():
    with pytest.raises(ValueError, match=r"head test: expected .*browDown_L.* lacks"):
        Rig(head(("expression000", "expression001")))
