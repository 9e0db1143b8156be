"""Second differences of points, whole or chunk by chunk."""

import numpy as np
import pytest

from face_jax.temporal.jitter import RelativeJitter


def noise(count=40):
    points = np.random.default_rng(0).normal(size=(count, 6, 2))
    points[:, 1, 0] += 50
    return points


def test_the_root_mean_square_over_the_distance_of_two_points():
    meter = RelativeJitter(0, 1)
    for part in (slice(0, 7), slice(7, 8), slice(8, 40)):
        points = noise()[part]
        meter.add(points, np.ones(len(points), bool))
    square = (np.diff(noise(), n=2, axis=0) ** 2).sum(axis=-1).mean()
    distance = np.linalg.norm(noise()[:, 0] - noise()[:, 1], axis=-1).mean()
    assert meter.value() == pytest.approx(100 * np.sqrt(square) / distance)


def test_size_and_steady_motion_do_not_matter():
    found = []
    for scale, speed in ((1.0, 0.0), (3.0, 5.0)):
        meter = RelativeJitter(0, 1)
        moved = scale * noise() + speed * np.arange(40)[:, None, None]
        meter.add(moved, np.ones(40, bool))
        found.append(meter.value())
    assert found[0] == pytest.approx(found[1])


def test_nothing_reaches_over_frames_without_a_face():
    meter, points = RelativeJitter(0, 1), noise(6)
    points[3:] += 1000
    points[2] = np.nan
    meter.add(points, np.arange(6) != 2)
    assert meter.value() < 20
    blinking = RelativeJitter(0, 1)
    blinking.add(noise(6), np.arange(6) % 3 > 0)
    assert blinking.value() is None
