import cv2
import numpy as np
import pytest

from data_pipelines.synth.occluders import (
    OCCLUDERS,
    composite,
    describe_scene,
    draw_occluder,
)
from data_pipelines.synth.occluders.frame import Scene, smooth_curve
from tests.data_pipelines.synth.plain_face import plain_face


def scene(size: int = 64) -> Scene:
    light = np.array([-0.4, -0.5, 0.77])
    return Scene(size, plain_face(size), np.array([0.5, 0.3, 0.2]), light)


def draw(kind: str, seed: int = 0, size: int = 64) -> np.ndarray:
    return draw_occluder(kind, scene(size), np.random.default_rng(seed))


def alpha_at(occluder: np.ndarray, point: np.ndarray) -> int:
    column, row = np.round(point).astype(int)
    return int(occluder[row, column, 3])


@pytest.mark.parametrize("kind", OCCLUDERS)
def test_the_same_seed_draws_the_same_and_others_differ(kind):
    first, again, other = draw(kind, 1), draw(kind, 1), draw(kind, 2)
    assert first.shape == (64, 64, 4) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("kind", OCCLUDERS)
def test_part_of_the_face_is_hidden_and_part_is_not(kind):
    face = cv2.fillConvexPoly(
        np.zeros((64, 64), np.uint8),
        cv2.convexHull(plain_face(64).astype(np.int32)),
        1,
    )
    for seed in range(3):
        hidden = (draw(kind, seed)[..., 3] > 127)[face > 0].mean()
        assert 0.01 < hidden < 0.9, (seed, hidden)


def test_things_are_where_they_belong():
    place = scene()
    for seed in range(3):
        mask, scarf = draw("mask", seed), draw("scarf", seed)
        for thing in (mask, scarf, draw("cup", seed)):
            below = place.mouth + 0.15 * place.unit * place.down
            assert alpha_at(thing, below) > 150
        for thing in (mask, scarf):
            assert alpha_at(thing, place.left_eye) == 0
        assert alpha_at(mask, place.nose) == 255
        dark, clear = draw("sunglasses", seed), draw("glasses", seed)
        for eye in (place.left_eye, place.right_eye):
            assert alpha_at(dark, eye) > 180 and 0 < alpha_at(clear, eye) < 120
        assert alpha_at(dark, place.mouth) == 0


@pytest.mark.parametrize("kind", ("mask", "sunglasses", "cup"))
def test_drawings_grow_with_the_picture(kind):
    small, large = draw(kind, 3, 64), draw(kind, 3, 128)
    reduced = cv2.resize(large[..., 3], (64, 64), interpolation=cv2.INTER_AREA)
    assert np.abs(reduced.astype(float) - small[..., 3]).mean() < 4


def test_an_unknown_occluder_is_refused():
    with pytest.raises(ValueError, match=r"expected one of hand, mask.*got 'hat'"):
        draw("hat")


def test_a_scene_takes_its_skin_from_the_picture():
    picture = np.full((64, 64, 3), [188, 100, 60], np.uint8)
    found = describe_scene(picture, plain_face(64), np.array([0.0, -1.0, 1.0]))
    np.testing.assert_allclose(found.skin, [0.503, 0.127, 0.045], atol=2e-3)
    assert np.linalg.norm(found.light) == pytest.approx(1)
    assert composite(picture, draw("block")).shape == picture.shape


def test_turns_are_told_from_the_landmarks():
    points = plain_face(64)
    turned = points + np.array([[4.0, 0.0]]) * (np.arange(68) == 30)[:, None]
    straight = scene()
    aside = Scene(64, turned, straight.skin, straight.light)
    assert straight.turn == pytest.approx(0, abs=1e-6) and aside.turn > 0.05


def test_curves_go_through_their_points():
    points = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0], [4.0, 4.0]])
    np.testing.assert_allclose(smooth_curve(points, steps=5)[::5], points)
    closed = smooth_curve(points, closed=True, steps=5)
    np.testing.assert_allclose(closed[::5], points)
    assert len(closed) == 20
