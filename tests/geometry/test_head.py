import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters, pose_head, template_height
from face_jax.heads.procedural import procedural_head
from tests.geometry import reference
from tests.heads.tiny_head import bare_head, full_head

WIDTHS = {
    "shape_params": 3,
    "expression_params": 2,
    "pose_params": 3,
    "jaw_params": 3,
    "eyelid_params": 2,
}
"""Of the fields that the tiny head has."""

BATCHES = {
    "shapes": {"shape_params": (4,)},
    "two that cross": {"shape_params": (3,), "pose_params": (2, 1)},
    "rotations that cross": {"pose_params": (3,), "jaw_params": (2, 1)},
    "fewer and more": {"expression_params": (1,), "eyelid_params": (2, 3)},
}
"""Leading axes of the fields; the others have none."""


def values(batches=None):
    """Float32 fields of the tiny head, rotations by half a radian."""
    rng = np.random.default_rng(3)
    batches = batches or {}
    return {
        name: np.float32(0.5 * rng.normal(size=(*batches.get(name, ()), width)))
        for name, width in WIDTHS.items()
    }


@jax.jit
def posed(head, given):
    return pose_head(head, HeadParameters(**given))


@jax.jit
def posed_with_lids(head, given):
    return pose_head(head, HeadParameters(**given), eyelids_before_skinning=True)


@pytest.mark.parametrize(("pose", "before"), [(posed, False), (posed_with_lids, True)])
def test_vertices_and_joints_are_those_of_the_reference(pose, before):
    found = pose(full_head(), values())
    vertices, joints = reference.posed_head(full_head(), values(), before)
    np.testing.assert_allclose(found.vertices, vertices, atol=5e-6)
    np.testing.assert_allclose(found.joints, joints, atol=5e-6)


@pytest.mark.parametrize("batches", BATCHES.values(), ids=BATCHES)
def test_leading_axes_broadcast(batches):
    """As if each head were posed alone; vertices and joints have the same axes."""
    given, batch = values(batches), np.broadcast_shapes((), *batches.values())
    found = posed(full_head(), given)
    assert found.vertices.shape == (*batch, 4, 3)
    assert found.joints.shape == (*batch, 2, 3)
    whole = {n: np.broadcast_to(v, (*batch, v.shape[-1])) for n, v in given.items()}
    for place in np.ndindex(batch):
        one = {name: value[place] for name, value in whole.items()}
        vertices, joints = reference.posed_head(full_head(), one)
        np.testing.assert_allclose(found.vertices[place], vertices, atol=1e-5)
        np.testing.assert_allclose(found.joints[place], joints, atol=1e-5)


@pytest.mark.parametrize("name", WIDTHS)
def test_a_single_field_may_have_leading_axes(name):
    """What is not given is zero, and needs no axes."""
    value = values({name: (2, 3)})[name]
    found = posed(full_head(), {name: value})
    zeros = {field: np.zeros(width) for field, width in WIDTHS.items()}
    for place in np.ndindex(2, 3):
        one = zeros | {name: value[place]}
        vertices, joints = reference.posed_head(full_head(), one)
        np.testing.assert_allclose(found.vertices[place], vertices, atol=1e-5)
        np.testing.assert_allclose(found.joints[place], joints, atol=1e-5)


def test_nothing_given_is_the_template():
    for head, joints in ((full_head(), 2), (bare_head(), 0)):
        found = posed(head, {})
        np.testing.assert_allclose(found.vertices, head.template, atol=1e-6)
        assert found.joints.shape == (joints, 3)


def test_a_head_without_joints_turns_about_the_origin():
    given = {"shape_params": np.float32([[0.2, 0.4], [1, 0]])}
    given["pose_params"] = np.float32([[[0.3, -0.8, 0.2]], [[0, 2, 0]]])
    head = bare_head()
    found = posed(head, given)
    assert found.joints.shape == (2, 2, 0, 3)
    for i, j in np.ndindex(2, 2):
        turn = reference.exponential(given["pose_params"][i, 0])
        shaped = reference.weighed(head.identity_basis, given["shape_params"][j])
        shaped += np.asarray(head.template, np.float64)
        np.testing.assert_allclose(found.vertices[i, j], shaped @ turn.T, atol=3e-6)


def test_eyelids_follow_the_head_or_the_axes_of_model_space():
    head, given = full_head(), values()
    without = {n: v for n, v in given.items() if n != "eyelid_params"}
    lids = reference.weighed(head.eyelid_basis, given["eyelid_params"])
    after = posed(head, given).vertices - posed(head, without).vertices
    np.testing.assert_allclose(after, lids, atol=5e-6)
    rest = {"pose_params": given["pose_params"]}
    both = rest | {"eyelid_params": given["eyelid_params"]}
    before = posed_with_lids(head, both).vertices - posed(head, rest).vertices
    # With the jaw at rest all joints turn alike: the lids turn as the head does.
    turn = reference.exponential(given["pose_params"])
    np.testing.assert_allclose(before, lids @ turn.T, atol=5e-6)


def test_gradients_are_differences():
    head, given = full_head(), values()
    sought = np.random.default_rng(4).normal(size=(4, 3))

    def loss(*arrays):
        vertices, joints = reference.posed_head(
            head, dict(zip(WIDTHS, arrays, strict=True))
        )
        return np.sum(sought * vertices) + np.sum(sought[:2] * joints)

    def found(given):
        result = posed(head, given)
        return jnp.sum(sought * result.vertices) + jnp.sum(sought[:2] * result.joints)

    gradients = jax.jit(jax.grad(found))(given)
    expected = reference.slopes(loss, list(given.values()))
    for name, slope in zip(WIDTHS, expected, strict=True):
        np.testing.assert_allclose(gradients[name], slope, atol=5e-5, err_msg=name)


def test_gradients_are_finite_at_rest():
    zeros = {name: jnp.zeros(width) for name, width in WIDTHS.items()}
    gradients = jax.jit(
        jax.grad(lambda given: jnp.sum(posed(full_head(), given).vertices ** 2))
    )(zeros)
    for name, gradient in gradients.items():
        assert np.isfinite(gradient).all() and np.any(gradient), name


def test_eyes_of_the_procedural_head_turn_about_their_joints():
    head = procedural_head()
    gaze = jnp.float32([0.1, 0.4, 0.0, -0.2, 0.1, 0.0])
    found, still = posed(head, {"eye_pose": gaze}), posed(head, {})
    for side, turn in (("left", gaze[:3]), ("right", gaze[3:])):
        ball = np.asarray(head.regions[f"{side}_eyeball"])
        joint = still.joints[head.joint_names.index(f"{side}_eye")]
        expected = (still.vertices[ball] - joint) @ reference.exponential(turn).T
        np.testing.assert_allclose(found.vertices[ball], expected + joint, atol=1e-7)
    eyes = head.regions["left_eyeball"] | head.regions["right_eyeball"]
    np.testing.assert_allclose(found.vertices[~eyes], still.vertices[~eyes], atol=1e-7)


def test_height_is_that_of_the_template():
    height = np.ptp(np.asarray(full_head().template)[:, 1])
    assert template_height(full_head()) == pytest.approx(height, rel=1e-6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"shape_params": (4,)},
            "shape_params: expected at most 3 numbers for head 'tiny', got 4",
        ),
        ({"expression_params": (2, 3)}, "expression_params: expected at most 2"),
        ({"eyelid_params": (3,)}, "eyelid_params: expected at most 2"),
        ({"pose_params": (2, 4)}, "pose_params: expected 3 numbers, got 4"),
        ({"eye_pose": (3,)}, "eye_pose: expected 6 numbers, got 3"),
        ({"neck_pose": (3,)}, "neck_pose: head 'tiny' has no joint neck"),
        ({"eye_pose": (6,)}, "eye_pose: head 'tiny' has no joint left_eye, right_eye"),
        ({"jaw_params": ()}, r"jaw_params: expected numbers \[..., n\], got a single"),
        (
            {"shape_params": (4, 3), "jaw_params": (5, 3), "eyelid_params": (2,)},
            r"leading axes do not broadcast: shape_params \[4\], jaw_params \[5\], "
            r"eyelid_params \[\]",
        ),
    ],
)
def test_what_the_head_has_no_use_for_is_named(given, message):
    parameters = HeadParameters(**{n: jnp.zeros(shape) for n, shape in given.items()})
    with pytest.raises(ValueError, match=message):
        pose_head(full_head(), parameters)


def test_a_bare_head_has_neither_eyelids_nor_a_jaw():
    with pytest.raises(ValueError, match="eyelid_params: head '' has no such"):
        pose_head(bare_head(), HeadParameters(eyelid_params=jnp.zeros(2)))
    with pytest.raises(ValueError, match="jaw_params: head '' has no joint jaw"):
        pose_head(bare_head(), HeadParameters(jaw_params=jnp.zeros(3)))


def test_a_head_may_lack_correctives():
    head, given = full_head(), values()
    without = dataclasses.replace(head, pose_correctives=None)
    zero = dataclasses.replace(head, pose_correctives=0 * head.pose_correctives)
    vertices, _ = reference.posed_head(zero, given)
    np.testing.assert_allclose(posed(without, given).vertices, vertices, atol=5e-6)
