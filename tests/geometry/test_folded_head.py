import dataclasses

import jax
import numpy as np
import pytest

from face_jax.geometry.folded_head import fold_head, pose_folded
from face_jax.geometry.head import HeadParameters, pose_head
from face_jax.heads.procedural import procedural_head
from tests.geometry import reference
from tests.geometry.test_head import BATCHES, values
from tests.heads.tiny_head import bare_head, full_head


def posed(head, given, before=False, **kept):
    folded = fold_head(head, **kept)
    parameters = HeadParameters(**given)
    return jax.jit(pose_folded, static_argnames="eyelids_before_skinning")(
        folded, head, parameters, eyelids_before_skinning=before
    )


@pytest.mark.parametrize("before", [False, True])
def test_vertices_and_joints_are_those_of_the_reference(before):
    found = posed(full_head(), values(), before)
    vertices, joints = reference.posed_head(full_head(), values(), before)
    np.testing.assert_allclose(found.vertices, vertices, atol=5e-6)
    np.testing.assert_allclose(found.joints, joints, atol=5e-6)


@pytest.mark.parametrize("batches", BATCHES.values(), ids=BATCHES)
def test_leading_axes_broadcast_as_in_the_plain_form(batches):
    given = values(batches)
    found, expected = posed(full_head(), given), _plain(full_head(), given)
    assert jax.tree.map(np.shape, found) == jax.tree.map(np.shape, expected)
    np.testing.assert_allclose(found.vertices, expected.vertices, atol=5e-6)
    np.testing.assert_allclose(found.joints, expected.joints, atol=5e-6)


def test_a_head_without_joints_turns_about_the_origin():
    head = bare_head()
    given = {name: values()[name] for name in ("shape_params", "pose_params")}
    found, expected = posed(head, given), _plain(head, given)
    np.testing.assert_allclose(found.vertices, expected.vertices, atol=5e-6)
    assert found.joints.shape == expected.joints.shape == (0, 3)


def test_a_head_at_rest_is_its_template():
    found = posed(full_head(), {})
    np.testing.assert_allclose(found.vertices, full_head().template, atol=1e-6)


def test_what_is_kept_may_be_set_in_part():
    given = {**values(), "shape_params": values()["shape_params"][:1]}
    found = posed(full_head(), given, num_shape=2, num_expression=2)
    expected = _plain(full_head(), given)
    np.testing.assert_allclose(found.vertices, expected.vertices, atol=5e-6)


def test_the_built_in_head_keeps_its_places():
    head, rng = procedural_head(), np.random.default_rng(0)
    given = {
        "shape_params": rng.normal(size=(2, head.identity_basis.shape[-1])),
        "expression_params": rng.uniform(size=(2, head.expression_basis.shape[-1])),
        "pose_params": 0.3 * rng.normal(size=(2, 3)),
        "jaw_params": 0.2 * rng.normal(size=(2, 3)),
        "eyelid_params": rng.uniform(size=(2, 2)),
    }
    found, expected = posed(head, given), _plain(head, given)
    scale = np.abs(expected.vertices).max()
    np.testing.assert_allclose(found.vertices, expected.vertices, atol=1e-5 * scale)


def test_more_than_was_kept_is_refused():
    with pytest.raises(
        ValueError, match="shape_params: expected at most 2 numbers, wh"
    ):
        posed(full_head(), values(), num_shape=2)


def test_the_head_stays_as_it_is():
    head = full_head()
    before = jax.tree.map(np.array, head)
    fold_head(head)
    for field in dataclasses.fields(head):
        given = getattr(before, field.name), getattr(head, field.name)
        jax.tree.map(np.testing.assert_array_equal, *given)


def _plain(head, given):
    return jax.jit(pose_head)(head, HeadParameters(**given))
