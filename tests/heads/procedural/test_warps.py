import numpy as np
import pytest

from face_jax.heads.procedural.warps import (
    Above,
    OneSided,
    Push,
    Sideways,
    Stretch,
    Tilt,
)

CENTRE, RADII = (30.0, -10.0, 60.0), (12.0, 20.0, 15.0)
MIRROR = np.array([-1.0, 1.0, 1.0])
SYMMETRIC = {
    "push": Push(CENTRE, RADII, (2.0, -1.0, 3.0)),
    "flat push": Push(CENTRE, RADII, (2.0, -1.0, 3.0), power=2),
    "stretch": Stretch(CENTRE, RADII, (0.2, -0.1, 0.3)),
    "tilt": Tilt(CENTRE, RADII, 0.4),
    "above": Above(-20.0, 40.0, (0.0, 2.0, -1.0), widen=0.1, back=0.0),
    "below": Above(40.0, -20.0, (0.0, 2.0, -1.0)),
}


def points(count=200):
    random = np.random.default_rng(0)
    return random.uniform([-80, -80, -20], [80, 80, 100], (count, 3))


@pytest.mark.parametrize("name", SYMMETRIC)
def test_terms_mirror_each_other(name):
    term = SYMMETRIC[name]
    moved = term(points())
    assert np.abs(moved).max() > 0.1
    np.testing.assert_allclose(term(points() * MIRROR), moved * MIRROR, atol=1e-12)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_one_sided_terms_are_opposite_on_both_sides(name):
    term = OneSided(SYMMETRIC[name])
    one, other = term(points()), term(points() * MIRROR)
    np.testing.assert_allclose(other, -one * MIRROR, atol=1e-12)
    far = np.abs(points()[:, 0]) > 40
    left = far & (points()[:, 0] > 0)
    np.testing.assert_allclose(one[left], SYMMETRIC[name](points())[left], rtol=1e-4)


@pytest.mark.parametrize("power", [1, 2])
def test_a_push_moves_its_centre_and_falls_to_an_eth_at_its_radii(power):
    push = Push(CENTRE, RADII, (0.0, -1.0, 3.0), power)
    places = CENTRE + np.concatenate([np.zeros((1, 3)), np.diag(RADII)])
    share = np.array([1, *3 * [np.exp(-1)]])
    np.testing.assert_allclose(push(places), share[:, None] * [0, -1, 3], rtol=1e-9)


def test_a_stretch_leaves_its_centre_and_scales_around_it():
    stretch = Stretch(CENTRE, (1e6, 1e6, 1e6), (0.2, -0.1, 0.5))
    offsets = np.array([[0, 0, 0], [2.0, 0, 0], [0, 3.0, 0], [1.0, 1.0, 1.0]])
    moved = stretch(np.add(CENTRE, offsets))
    np.testing.assert_allclose(moved, offsets * [0.2, -0.1, 0.5], atol=1e-6)


def test_a_tilt_raises_the_outer_part_and_lowers_the_inner():
    tilt = Tilt(CENTRE, (1e6, 1e6, 1e6), 0.5)
    outer, inner = tilt(np.add(CENTRE, [[4.0, 7.0, 0], [-4.0, 0, 0]]))
    np.testing.assert_allclose([outer, inner], [[0, 2, 0], [0, -2, 0]], atol=1e-6)


def test_what_is_above_moves_whole_and_what_is_below_stays():
    above = Above(0.0, 10.0, (1.0, 2.0, 3.0), widen=0.1)
    places = np.array([[20.0, -5, 0], [20.0, 5, 0], [20.0, 15, 0]])
    expected = np.array([0, 0.5, 1])[:, None] * [3.0, 2.0, 3.0]
    np.testing.assert_allclose(above(places), expected)
    near = Above(0.0, 10.0, (0.0, 2.0, 0.0), back=50.0)
    behind = np.array([[0.0, 20, 40], [0.0, 20, 120]])
    np.testing.assert_allclose(near(behind)[:, 1], [0, 2])


def test_sideways_moves_both_halves_to_the_left():
    sideways = Sideways((0.0, 0.0, 80.0), (10.0, 10.0, 10.0), 4.0)
    moved = sideways(np.array([[0.0, 0, 80], [5.0, 0, 80], [-5.0, 0, 80]]))
    edge = 4 * np.exp(-0.25)
    np.testing.assert_allclose(moved, [[4, 0, 0], [edge, 0, 0], [edge, 0, 0]])
