"""Colour changes of a batch against numpy, OpenCV and Pillow."""

import cv2
import jax
import numpy as np
import pytest

from data_pipelines.transforms.smirk_colors import ColorChanges, color_arrays
from face_jax.nn import color_changes as changes
from face_jax.train import partitioning
from tests.nn.test_color_jitter import pillow

change_colors = jax.jit(changes.change_colors)
SIZE = 56
FACTORS, ORDER = np.float32([0.95, 1.05, 1.04, 0.05]), np.int32([2, 0, 3, 1])
DRAWS = {
    "color_curve": np.rint(255 * np.linspace(0, 1, 256) ** 0.8).astype(np.uint8),
    "color_factors": FACTORS,
    "color_order": ORDER,
    "color_equalization": np.float32(2.5),
    "color_shifts": np.float32([20, -7.25, 3]),
    "color_blur": np.int32(3),
    "color_noise": np.float32(5),
    "color_noise_seed": np.uint32(7),
}


def pictures(count=1, size=SIZE, seed=0):
    """Smooth colours with noise, uint8 [count, size, size, 3]."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(20, 235, (count, 4, 4, 3))
    smooth = np.stack([cv2.resize(image, (size, size)) for image in coarse])
    noise = random.normal(0, 9, smooth.shape)
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


def neutral(size=SIZE):
    return color_arrays(ColorChanges(), size)


def batch_of(*rows):
    """The draws of several pictures as a batch."""
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def test_curves_are_looked_up():
    random = np.random.default_rng(0)
    images, curves = pictures(3), random.integers(0, 256, (3, 256), np.uint8)
    found = jax.jit(changes.follow_curve)(images, curves)
    assert found.dtype == np.uint8
    for image, curve, same in zip(found, curves, images, strict=True):
        np.testing.assert_array_equal(image, curve[same])


def test_channels_are_shifted_by_themselves():
    images = np.random.default_rng(0).integers(0, 256, (2, 24, 24, 3), np.uint8)
    shifts = np.array([[20.0, -7.25, 0.0], [-20.0, 0.5, 12.75]], np.float32)
    found = np.asarray(jax.jit(changes.shift_channels)(images, shifts))
    exact = np.clip(images.astype(float) + shifts[:, None, None], 0, 255)
    assert found.dtype == np.uint8 and np.abs(found - exact).max() <= 0.5
    np.testing.assert_array_equal(found[0, ..., 2], images[0, ..., 2])


@pytest.mark.parametrize("size", [9, 32, 2])
def test_boxes_are_means_and_mirror_the_border(size):
    sides = [side for side in (1, 3, 5, 7) if side // 2 < size]
    images = np.random.default_rng(0).integers(0, 256, (4, size, size, 3), np.uint8)
    images = images[: len(sides)]
    found = jax.jit(changes.blur_box)(images, np.int32(sides))
    assert found.dtype == np.uint8
    for image, side, same in zip(found, sides, images, strict=True):
        np.testing.assert_array_equal(image, cv2.blur(same, (side, side)))


def test_noise_has_its_deviation_and_seed():
    grey = np.full((3, 128, 128, 3), 128, np.uint8)
    deviations, seeds = np.float32([7, 7, 0]), np.uint32([5, 6, 5])
    found = np.asarray(jax.jit(changes.add_noise)(grey, deviations, seeds))
    residual = found[0].astype(float) - 128
    assert abs(residual.mean()) < 0.1
    assert residual.std() == pytest.approx(np.sqrt(49 + 1 / 12), rel=0.02)
    # No channel and no pixel follows another.
    channels = np.corrcoef(residual.reshape(-1, 3).T)
    assert np.abs(channels - np.eye(3)).max() < 0.03
    assert abs(np.corrcoef(residual[1:].ravel(), residual[:-1].ravel())[0, 1]) < 0.03
    assert not np.array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[2], grey[2])
    alone = jax.jit(changes.add_noise)(grey[:1], deviations[:1], seeds[:1])
    np.testing.assert_array_equal(alone[0], found[0])


@pytest.mark.parametrize(("size", "tiles"), [(32, 1), (64, 2), (96, 3), (448, 8)])
def test_small_pictures_have_fewer_tiles(size, tiles):
    image, limit = pictures(size=size), np.float32([3.0])
    found = np.asarray(jax.jit(changes.equalize_locally)(image, limit))[0]
    difference = np.abs(found - equalized(image[0], 3.0, tiles).astype(int))
    assert difference.mean() < 0.3
    other = equalized(image[0], 3.0, tiles + 1).astype(int)
    assert np.abs(found - other).mean() > 1


def equalized(image, limit, tiles):
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(limit, (tiles, tiles)).apply(lab[..., 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def shifted(image):
    moved = np.rint(image.astype(float) + DRAWS["color_shifts"])
    return np.clip(moved, 0, 255).astype(np.uint8)


PUBLISHED = (
    lambda image: DRAWS["color_curve"][image],
    lambda image: pillow(image, FACTORS.tolist(), ORDER),
    lambda image: equalized(image, 2.5, 2),
    shifted,
    lambda image: cv2.blur(image, (3, 3)),
)
"""All changes but the noise by other libraries, in the published order."""


def test_changes_are_applied_in_the_published_order():
    image = pictures(seed=4)
    given = batch_of(DRAWS | {"color_noise": np.float32(0)})
    found = np.asarray(change_colors(image, given))[0].astype(int)

    def difference(order):
        expected = image[0]
        for change in order:
            expected = change(expected)
        return np.abs(found - expected).mean()

    assert difference(PUBLISHED) < 0.2
    for place in range(3):
        swapped = list(PUBLISHED)
        swapped[place : place + 2] = swapped[place : place + 2][::-1]
        assert difference(swapped) > 1.5 * difference(PUBLISHED)
    noisy = np.asarray(change_colors(image, batch_of(DRAWS)))[0]
    assert (noisy - found).std() == pytest.approx(5, rel=0.1)


def test_what_was_not_drawn_changes_nothing():
    images = pictures(2)
    np.testing.assert_array_equal(change_colors(images, {"item_id": ORDER}), images)
    found = change_colors(images, batch_of(neutral(), neutral()))
    np.testing.assert_array_equal(found, images)
    # Nor does it beside a picture for which everything was drawn.
    found = change_colors(images, batch_of(neutral(), DRAWS))
    np.testing.assert_array_equal(found[0], images[0])
    alone = change_colors(images[1:], batch_of(DRAWS))
    np.testing.assert_array_equal(found[1], alone[0])


@pytest.mark.parametrize("change", changes.CHANGES, ids=lambda c: c.apply.__name__)
def test_every_draw_alone_changes_the_picture(change):
    image = pictures()
    drawn = neutral() | {name: DRAWS[name] for name in change.draws}
    found = change_colors(image, batch_of(drawn))
    assert found.dtype == np.uint8 and not np.array_equal(found, image)


def test_every_draw_of_the_host_is_known():
    assert set(neutral()) == changes.DRAWS
    assert {name: (np.shape(v), v.dtype) for name, v in neutral().items()} == {
        name: (np.shape(v), v.dtype) for name, v in DRAWS.items()
    }


def test_rows_of_a_mesh_stay_on_their_devices():
    images = pictures(8)
    batch = batch_of(*[DRAWS | {"color_noise_seed": np.uint32(n)} for n in range(8)])
    rows = partitioning.batch_sharding(partitioning.make_mesh(4, 2, 1))
    run = jax.jit(changes.change_colors, in_shardings=rows, out_shardings=rows)
    program = run.lower(images, batch).compile()
    for collective in ("all-gather", "all-to-all", "collective-permute"):
        assert collective not in program.as_text()
    found = run(*jax.device_put((images, batch), rows))
    np.testing.assert_array_equal(found, change_colors(images, batch))
