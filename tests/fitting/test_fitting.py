"""Inverse rendering: its measures, its descent, and what it finds."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fitting.comparison import turned_start
from face_jax.fitting.errors import fit_errors
from face_jax.fitting.objective import Objective, pyramid_difference
from face_jax.fitting.solver import Descent
from face_jax.fitting.unknowns import Freedom, random_head
from tests.heads.tiny_head import full_head


@pytest.fixture(scope="module")
def truth():
    return random_head(full_head(), jax.random.key(1), 3)


def test_a_random_head_is_reproducible_and_within_its_limits(truth):
    again = random_head(full_head(), jax.random.key(1), 3)
    jax.tree.map(np.testing.assert_array_equal, truth, again)
    weights = np.asarray(truth.expression_params)
    assert ((weights == 0) | ((weights >= 0.2) & (weights <= 0.8))).all()
    assert (np.abs(np.rad2deg(truth.pose_params)) <= [10, 20, 10]).all()


def test_the_truth_has_no_error(truth):
    errors = fit_errors(full_head(), truth, truth)
    np.testing.assert_allclose(errors.vertices, 0, atol=1e-7)
    np.testing.assert_allclose(errors.pose_degrees, 0, atol=0.05)
    np.testing.assert_array_equal(errors.expression, 0)


def test_half_an_expression_misses_half_of_its_movement(truth):
    head = full_head()
    half = dataclasses.replace(truth, expression_params=truth.expression_params / 2)
    moved = np.einsum("vcn,bn->bvc", head.expression_basis, truth.expression_params)
    height = np.ptp(np.asarray(head.template)[:, 1])
    wanted = np.sqrt((moved**2).sum(-1).mean(-1)) / height / 2
    np.testing.assert_allclose(
        fit_errors(head, half, truth).expression, wanted, rtol=1e-5
    )


def test_a_start_is_as_far_away_as_asked(truth):
    start = turned_start(full_head(), truth, jax.random.key(2), degrees=20.0)
    errors = fit_errors(full_head(), start, truth)
    np.testing.assert_allclose(errors.pose_degrees, 20.0, atol=0.01)
    assert (np.asarray(errors.vertices) > 0.02).all()
    assert not np.any(start.shape_params)


def test_a_nearer_camera_is_an_error_and_depth_is_none(truth):
    """A head 2 % too large is off by 2 % of its points' distances from the axis."""
    camera = truth.camera * jnp.array([1.02, 1.0, 1.0])
    errors = fit_errors(full_head(), truth.replace(camera=camera), truth)
    assert (np.asarray(errors.vertices) > 1e-3).all()
    assert (np.asarray(errors.vertices) < 0.02).all()


def test_pyramid_difference_of_a_constant_counts_every_level():
    np.testing.assert_allclose(
        pyramid_difference(jnp.full((2, 8, 8, 3), 0.5), 3), 0.75, rtol=1e-6
    )


def test_pyramid_difference_forgets_fine_detail_level_by_level():
    board = jnp.asarray(np.indices((8, 8)).sum(0) % 2 * 2.0 - 1.0)[None, ..., None]
    np.testing.assert_allclose(pyramid_difference(board, 4), 1.0, rtol=1e-6)


def test_pyramid_difference_names_a_side_that_cannot_be_halved():
    with pytest.raises(ValueError, match=r"divisible by 8 for 4 levels, got 12 x 16"):
        pyramid_difference(jnp.zeros((1, 12, 16, 1)), 4)


def draw_numbers(unknowns):
    """A picture of nothing but the unknowns: their sum is in every pixel."""
    leaves = (unknowns.pose_params, unknowns.camera[:, 1:], unknowns.expression_params)
    numbers = jnp.concatenate(leaves, axis=-1)
    return jnp.tile(numbers[:, None, None], (1, 4, 4, 1))


def test_descent_finds_what_a_picture_shows_and_leaves_the_rest(truth):
    start = turned_start(full_head(), truth, jax.random.key(2), degrees=3.0)
    objective = Objective(levels=1, shape_weight=0.0, expression_weight=0.0)
    descent = Descent(steps=150, report_every=75, pose_share=0.0)
    states = list(
        descent.run(draw_numbers, draw_numbers(truth), start, Freedom(), objective)
    )
    assert [state.step for state in states] == [0, 75, 150]
    assert states[1].losses.shape == (75, 3)
    found = states[-1].unknowns
    np.testing.assert_allclose(found.pose_params, truth.pose_params, atol=5e-3)
    np.testing.assert_allclose(
        found.expression_params, truth.expression_params, atol=1e-2
    )
    assert not np.any(found.shape_params)


def test_fits_of_a_batch_do_not_see_each_other(truth):
    start = turned_start(full_head(), truth, jax.random.key(2), degrees=3.0)
    descent = Descent(steps=10, report_every=10)
    goal = functools.partial(descent.run, draw_numbers, objective=Objective(levels=1))
    *_, together = goal(draw_numbers(truth), start, Freedom())
    one = jax.tree.map(lambda x: x[1:2], (truth, start))
    *_, alone = goal(draw_numbers(one[0]), one[1], Freedom())
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a[1:2], b, atol=1e-6),
        together.unknowns,
        alone.unknowns,
    )


def test_expressions_stay_in_their_range_and_frozen_fields_stay(truth):
    start = turned_start(full_head(), truth, jax.random.key(2), degrees=3.0)
    target = draw_numbers(truth) - 5.0
    descent = Descent(steps=20, report_every=20)
    goal = functools.partial(descent.run, draw_numbers, objective=Objective(levels=1))
    *_, last = goal(target, start, Freedom())
    assert not np.any(last.unknowns.expression_params)
    held = Freedom().pose_and_camera_alone()
    held = dataclasses.replace(held, expression_range=None)
    *_, last = goal(target, start, held)
    assert not np.any(last.unknowns.expression_params)
    assert np.all(last.unknowns.pose_params < start.pose_params)


def test_at_first_only_pose_and_camera_move(truth):
    start = turned_start(full_head(), truth, jax.random.key(2), degrees=3.0)
    goal = draw_numbers(truth)
    descent = Descent(steps=40, report_every=10, pose_share=0.25)
    _, first, second, *_ = descent.run(
        draw_numbers, goal, start, Freedom(), Objective(levels=1)
    )
    assert not np.any(first.unknowns.expression_params)
    assert np.any(first.unknowns.pose_params != start.pose_params)
    assert np.any(second.unknowns.expression_params)


def test_reports_must_divide_the_steps(truth):
    with pytest.raises(ValueError, match="multiple of report_every = 25, got 40"):
        next(Descent(steps=40).run(draw_numbers, None, truth, Freedom()))
