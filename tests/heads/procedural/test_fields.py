import numpy as np
import pytest

from face_jax.heads.procedural import sides, skin
from face_jax.heads.procedural.assembly import assemble
from face_jax.heads.procedural.fields import Pull, both_sides, pulled, turned

MIRROR = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def vertices():
    head = assemble()
    return head.vertices[head.ranges["skin"]]


def test_the_other_side_pulls_alike():
    left = Pull("lid", 5, (1.0, 2.0, 3.0), 9.0)
    middle = Pull("lid", 0, (0.0, 1.0, 0.0), 9.0)
    right = Pull("lid", -5, (-1.0, 2.0, 3.0), 9.0)
    assert both_sides([left, middle]) == [left, right, middle]


def test_a_pull_is_a_bell_around_its_point(vertices):
    pull = Pull("chin_3", 3, (1.0, -2.0, 0.5), 10.0)
    moved = pulled(vertices, [pull])
    centre = skin.vertex("chin_3", 3)
    distance = np.linalg.norm(vertices - vertices[centre], axis=1)
    weight = np.exp(-((distance / 10.0) ** 2))
    expected = (weight / (1 + weight**8) ** 0.125)[:, None] * pull.move
    np.testing.assert_allclose(moved, expected, atol=1e-12)


def test_equal_pulls_do_not_add_up(vertices):
    pull = Pull("chin_3", 3, (0.0, -2.0, 0.0), 10.0)
    centre = skin.vertex("chin_3", 3)
    one, four = (pulled(vertices, [pull] * n)[centre, 1] for n in (1, 4))
    assert one == pytest.approx(-2.0 * 2**-0.125)
    assert four == pytest.approx(-2.0, rel=1e-5)


def test_each_lip_is_moved_by_its_own_pulls(vertices):
    lower = sides.lowerness()
    for side, share in (("upper", 1 - lower), ("lower", lower)):
        moved = pulled(vertices, [Pull("philtrum_2", 2, (0, 1.0, 0), 30.0, side)])
        assert not moved[share == 0].any()
        assert moved[share == 1].any()


@pytest.mark.parametrize("degrees", [0.0, 30.0, -90.0])
def test_positive_turns_lower_what_is_in_front(degrees):
    axis = np.array([5.0, 1.0, 2.0])
    points = axis + np.array([[0.0, 0, 10], [7.0, 0, 0], [0, 10, 0]])
    angle = np.radians(degrees)
    way = 10 * np.array([0, np.cos(angle), np.sin(angle)])
    expected = axis + np.stack([[0, -way[2], way[1]], [7.0, 0, 0], way])
    np.testing.assert_allclose(turned(points, axis, degrees), expected, atol=1e-12)


def test_turns_may_differ_between_points():
    points, axis = np.array([[0.0, 0, 1], [0.0, 0, 1]]), np.zeros(3)
    found = turned(points, axis, np.array([0.0, 90.0]))
    np.testing.assert_allclose(found, [[0, 0, 1], [0, -1, 0]], atol=1e-12)
