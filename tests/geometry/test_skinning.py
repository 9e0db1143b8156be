import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry import skinning
from tests.geometry import reference

PARENTS = (-1, 0, 1, 1, 0)
"""A chain that branches twice."""
JOINTS = len(PARENTS)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def turns(seed, *batch):
    """Rotations [..., J, 3, 3] by about a radian."""
    vectors = normal(seed, *batch, JOINTS, 3)
    flat = [reference.exponential(vector) for vector in vectors.reshape(-1, 3)]
    return np.reshape(flat, (*batch, JOINTS, 3, 3))


def shares(vertices):
    return np.random.default_rng(9).dirichlet(np.ones(JOINTS), vertices)


def single(*arrays):
    return [jnp.asarray(array, jnp.float32) for array in arrays]


@jax.jit
def posed(vertices, weights, rotations, joints):
    """The library's way from relative rotations to vertices."""
    turned, places = skinning.kinematic_chain(rotations, joints, PARENTS)
    return skinning.linear_blend_skinning(vertices, weights, turned, joints, places)


def test_displacement_takes_the_first_directions():
    basis, coefficients = normal(0, 4, 3, 5), normal(1, 2, 7, 3)
    found = skinning.displacement(*single(basis, coefficients))
    expected = [
        [reference.weighed(basis, vector) for vector in row] for row in coefficients
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_joints_are_means_of_vertices():
    found = skinning.regress_joints(*single(shares(6).T, normal(0, 2, 6, 3)))
    expected = np.stack([shares(6).T @ vertices for vertices in normal(0, 2, 6, 3)])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_correctives_are_weighed_by_row_and_column_of_all_but_the_root():
    """One corrective at a time answers to one entry of one rotation."""
    rotations = turns(0)
    for joint, row, column in itertools.product(range(JOINTS - 1), range(3), range(3)):
        correctives = np.zeros(((JOINTS - 1) * 9, 6))
        correctives[9 * joint + 3 * row + column] = np.arange(1, 7)
        found = skinning.pose_displacement(*single(correctives, rotations))
        weight = rotations[joint + 1, row, column] - (row == column)
        np.testing.assert_allclose(
            found, weight * np.arange(1, 7).reshape(2, 3), atol=1e-6
        )


def test_nothing_is_corrected_at_rest():
    still = np.broadcast_to(np.eye(3), (2, JOINTS, 3, 3))
    found = skinning.pose_displacement(*single(normal(0, 36, 12), still))
    np.testing.assert_array_equal(found, np.zeros((2, 4, 3)))


def test_a_chain_is_one_rigid_motion_after_the_other():
    rotations, joints = turns(0), normal(1, JOINTS, 3)
    turned, places = skinning.kinematic_chain(*single(rotations, joints), PARENTS)
    motions = reference.chain(rotations, joints, PARENTS)
    np.testing.assert_allclose(turned, motions[:, :3, :3], atol=2e-6)
    expected = [reference.moved(m, j) for m, j in zip(motions, joints, strict=True)]
    np.testing.assert_allclose(places, expected, atol=4e-6)


def test_bones_keep_their_lengths_and_the_root_its_place():
    rotations, joints = single(turns(0, 3), normal(1, 3, JOINTS, 3))
    _, places = skinning.kinematic_chain(rotations, joints, PARENTS)
    np.testing.assert_array_equal(places[:, 0], joints[:, 0])
    parents = list(PARENTS[1:])
    lengths = [
        np.linalg.norm(points[:, 1:] - points[:, parents], axis=-1)
        for points in (places, joints)
    ]
    np.testing.assert_allclose(*lengths, rtol=1e-5)


def test_one_joint_is_a_rigid_motion_about_it():
    rotation, joint, vertices = turns(0)[:1], normal(1, 1, 3), normal(2, 6, 3)
    given = single(rotation, joint)
    turned, places = skinning.kinematic_chain(*given, (-1,))
    found = skinning.linear_blend_skinning(
        *single(vertices, np.ones((6, 1))), turned, given[1], places
    )
    expected = (vertices - joint) @ rotation[0].T + joint
    np.testing.assert_allclose(found, expected, atol=3e-6)


def test_skinning_is_the_mean_of_what_the_motions_make_of_a_vertex():
    rotations, joints, vertices = turns(0), normal(1, JOINTS, 3), normal(2, 7, 3)
    found = posed(*single(vertices, shares(7), rotations, joints))
    motions = reference.chain(rotations, joints, PARENTS)
    expected = reference.skinned(vertices, shares(7), motions)
    np.testing.assert_allclose(found, expected, atol=5e-6)


def test_gradients_are_differences():
    weights, sought = shares(4), normal(3, 4, 3)
    arrays = [normal(2, 4, 3), turns(0), normal(1, JOINTS, 3)]

    def loss(vertices, rotations, joints):
        motions = reference.chain(rotations, joints, PARENTS)
        return np.sum(sought * reference.skinned(vertices, weights, motions))

    def found(vertices, rotations, joints):
        return jnp.sum(sought * posed(vertices, weights, rotations, joints))

    gradients = jax.grad(found, argnums=(0, 1, 2))(*single(*arrays))
    for gradient, expected in zip(
        gradients, reference.slopes(loss, arrays), strict=True
    ):
        np.testing.assert_allclose(gradient, expected, atol=2e-5)


@pytest.mark.parametrize(
    "axes", [((), (), (4,)), ((), (4,), ()), ((4,), (), ()), ((2, 1), (3,), (1, 3))]
)
def test_leading_axes_broadcast(axes):
    """As if each of the batch were posed alone."""
    of_vertices, of_rotations, of_joints = axes
    vertices, rotations = normal(2, *of_vertices, 6, 3), turns(0, *of_rotations)
    joints, batch = normal(1, *of_joints, JOINTS, 3), np.broadcast_shapes(*axes)
    found = posed(*single(vertices, shares(6), rotations, joints))
    assert found.shape == (*batch, 6, 3)
    for place in np.ndindex(batch):
        one = [
            np.broadcast_to(array, (*batch, *array.shape[-own:]))[place]
            for array, own in ((rotations, 3), (joints, 2), (vertices, 2))
        ]
        motions = reference.chain(one[0], one[1], PARENTS)
        expected = reference.skinned(one[2], shares(6), motions)
        np.testing.assert_allclose(found[place], expected, atol=1e-5)


def test_rotations_without_the_axes_of_where_joints_go():
    """Skinning alone, with joints that something else than a chain has moved."""
    turned, joints, places = turns(0), normal(1, JOINTS, 3), normal(3, 4, JOINTS, 3)
    vertices = normal(2, 6, 3)
    found = skinning.linear_blend_skinning(
        *single(vertices, shares(6), turned, joints, places)
    )
    for row, goals in enumerate(places):
        motions = np.stack(
            [
                reference.rigid(r, goal - r @ j)
                for r, j, goal in zip(turned, joints, goals, strict=True)
            ]
        )
        expected = reference.skinned(vertices, shares(6), motions)
        np.testing.assert_allclose(found[row], expected, atol=1e-5)
