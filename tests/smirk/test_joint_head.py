"""Encoders that are corrected by what they see together."""

import dataclasses
import functools

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.smirk.encoder import (
    JOINT_HEAD,
    POINTS,
    Encoders,
    ExpressionEncoder,
    PoseEncoder,
    ShapeEncoder,
    encode,
)
from face_jax.smirk.joint_head import JointHead
from face_jax.smirk.networks import build_networks
from tests.filled import fill

APART = Encoders(
    PoseEncoder(variant="tiny", points=2),
    ShapeEncoder(num_shape=7, variant="tiny"),
    ExpressionEncoder(num_expression=4, variant="tiny", points=3),
)
GAINS = {"pose_gains": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), "expression_gain": 3.0}
TOGETHER = dataclasses.replace(APART, joint_head=JointHead(7, 4, **GAINS))


def pictures():
    return jax.random.uniform(jax.random.key(0), (2, 32, 32, 3))


@pytest.fixture(scope="module")
def variables():
    names = ("pose_encoder", "shape_encoder", "expression_encoder")
    found = {name: fill(getattr(APART, name), pictures()) for name in names}
    seen = jnp.zeros((1, TOGETHER.num_seen))
    return {**found, JOINT_HEAD: fill(TOGETHER.joint_head, seen)}


def outputs(face):
    head = face.head
    return (
        np.concatenate([head.pose_params, face.camera], axis=1),
        np.asarray(head.shape_params),
        np.concatenate(
            [head.expression_params, head.eyelid_params, head.jaw_params], axis=1
        ),
    )


@functools.cache
def run(encoders, train=(), sown=()):
    return jax.jit(lambda v, x: encode(encoders, v, x, train, sown))


def places(variables, name):
    """Mean places of an encoder's points, by definition."""
    module = getattr(APART, name)
    _, sown = module.apply(variables[name], pictures(), mutable=[POINTS])
    logits = np.asarray(sown[POINTS]["logits"], np.float64)
    weights = np.exp(logits) / np.exp(logits).sum((1, 2), keepdims=True)
    y, x = np.meshgrid(
        *((2 * np.arange(n) + 1) / n - 1 for n in logits.shape[1:3]), indexing="ij"
    )
    found = [np.einsum("bhwp,hw->bp", weights, line) for line in (x, y)]
    return np.stack(found, axis=-1).reshape(2, -1)


def test_it_adds_a_linear_function_of_all_that_is_seen(variables):
    apart = outputs(run(APART)(variables, pictures())[0])
    points = [
        places(variables, name) for name in ("pose_encoder", "expression_encoder")
    ]
    seen = np.concatenate([*points, *apart], axis=1)
    assert seen.shape == (2, TOGETHER.num_seen) == (2, 10 + 6 + 7 + 9)
    params = variables[JOINT_HEAD]["params"]
    gains = (np.array(GAINS["pose_gains"]), 1.0, 3.0)
    expected = [
        old + gain * (seen @ params[name]["kernel"] + params[name]["bias"])
        for old, gain, name in zip(
            apart, gains, ("pose", "shape", "expression"), strict=True
        )
    ]
    expected[2][:, 4:6] = np.clip(expected[2][:, 4:6], 0, 1)
    expected[2][:, 6] = np.maximum(expected[2][:, 6], 0)
    expected[2][:, 7:] = np.clip(expected[2][:, 7:], -0.2, 0.2)
    found = outputs(run(TOGETHER)(variables, pictures())[0])
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_before_training_it_changes_nothing(variables):
    joint = TOGETHER.joint_head
    seen = jnp.zeros((1, TOGETHER.num_seen))
    given = {**variables, JOINT_HEAD: jax.jit(joint.init)(jax.random.key(0), seen)}
    apart, together = (run(e)(given, pictures())[0] for e in (APART, TOGETHER))
    for ours, theirs in zip(outputs(together), outputs(apart), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("sown", [(), (POINTS,)], ids=["nothing", "points"])
def test_only_what_is_asked_for_is_handed_out(variables, sown):
    _, changed = run(TOGETHER, ("pose_encoder",), sown)(variables, pictures())
    assert {n: set(c) for n, c in changed.items()} == {
        "pose_encoder": {"batch_stats", *sown}
    }


def test_gradients_reach_every_encoder_through_it(variables):
    def loss(given):
        return encode(TOGETHER, given, pictures())[0].camera.sum()

    found = jax.jit(jax.grad(loss))(variables)
    for name in TOGETHER.names:
        leaves = jax.tree.leaves(found[name]["params"])
        assert max(float(np.abs(leaf).max()) for leaf in leaves) > 0, name


def test_programs_for_any_number_of_pictures_can_be_exported(variables):
    patches = PoseEncoder(variant="patches", cells=2, points=2)
    encoders = dataclasses.replace(TOGETHER, pose_encoder=patches)
    given = {**variables, "pose_encoder": fill(patches, pictures())}
    (rows,) = jax.export.symbolic_shape("b")
    images = jax.ShapeDtypeStruct((rows, 32, 32, 3), jnp.float32)
    program = jax.export.export(run(encoders))(given, images)
    found, _ = jax.jit(program.call)(given, pictures())
    expected, _ = run(encoders)(given, pictures())
    for ours, theirs in zip(outputs(found), outputs(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_networks_have_one_with_the_encoders_gains_where_it_is_asked_for():
    gains = (1.0, 1.0, 1.0, 0.5, 0.1, 0.1)
    pose = {"variant": "tiny", "gains": gains}
    shape = {"variant": "tiny", "gain": 0.5}
    networks = build_networks(
        joint_head=True, num_shape=5, pose_encoder=pose, shape_encoder=shape
    )
    joint, expressions = networks.encoders.joint_head, networks.num_expression
    assert joint == JointHead(5, expressions, gains, shape_gain=0.5)
    assert build_networks().encoders.joint_head is None
