import numpy as np
import pytest

from data_pipelines.synth.canvas import Canvas, closed_curve, curve


def blank(side=64):
    return np.zeros((side, side, 3), np.uint8)


def test_fill_covers_the_area_of_the_polygon():
    canvas = Canvas(blank(256))
    canvas.fill(
        np.array([[0.25, 0.25], [0.7, 0.25], [0.7, 0.5], [0.25, 0.5]]), (1, 0.5, 0)
    )
    image = canvas.reduced(16)
    assert image[..., 0].mean() / 255 == pytest.approx(0.45 * 0.25, rel=0.08)
    np.testing.assert_array_equal(image[6, 8], [255, 128, 0])
    assert not image[12:].any()


def test_background_is_not_changed():
    background = blank()
    Canvas(background).fill(np.array([[0, 0], [1, 0], [1, 1.0]]), (1, 1, 1))
    assert not background.any()


def test_inside_keeps_only_the_outline():
    canvas = Canvas(blank())
    square = np.array([[0.25, 0.25], [0.5, 0.25], [0.5, 0.5], [0.25, 0.5]])
    with canvas.inside(square):
        canvas.fill(np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]), (0, 1, 0))
    assert (canvas.image[18:30, 18:30, 1] == 255).all()
    canvas.image[15:34, 15:34] = 0
    assert not canvas.image.any()


def test_inside_an_outline_beyond_the_picture():
    canvas = Canvas(blank())
    with canvas.inside(np.array([[-0.9, -0.9], [-0.5, -0.9], [-0.5, -0.5]])):
        canvas.fill(np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]), (0, 1, 0))
    assert not canvas.image.any()


def test_near_surfaces_cover_far_ones_and_backs_are_not_seen():
    x, y = np.meshgrid([0.2, 0.5, 0.8], [0.2, 0.5, 0.8])
    flat = np.stack([x, y, 0 * x], axis=-1)
    near, far = flat + np.array([0, 0, 0.5]), flat
    red, blue = np.zeros((2, 2, 2, 3))
    red[..., 0], blue[..., 2] = 0.5, 0.5
    canvas = Canvas(blank())
    canvas.surfaces([(near, red), (far, blue)])
    assert canvas.image[32, 32, 0] > 100
    assert not canvas.image[..., 2].any()
    turned = Canvas(blank())
    turned.surfaces([(near[:, ::-1], red), (far, blue)])
    assert turned.image[32, 32, 2] > 100
    assert not turned.image[..., 0].any()


def test_curves_pass_through_their_points():
    points = np.array([[0, 0], [1, 2], [3, 1], [4, 4.0]])
    smooth = curve(points, steps=5)
    np.testing.assert_allclose(smooth[::5], points)
    straight = curve(np.arange(8.0).reshape(4, 2), steps=4)
    np.testing.assert_allclose(np.diff(straight, axis=0), 0.5)


def test_closed_curve_visits_every_point_once():
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    outline = closed_curve(points, (0, 4))
    assert len(outline) == 8 * 6
    np.testing.assert_allclose(outline[::6], points, atol=1e-12)
    assert np.abs(np.linalg.norm(outline, axis=1) - 1).max() < 0.06
