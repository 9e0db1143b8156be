"""Draws of an item and their application."""

import dataclasses

import numpy as np

from data_pipelines.transforms.fsrt_geometry import (
    NO_MARGINS,
    NOMINAL_FACE,
    Margins,
    crop_and_resize,
)
from data_pipelines.transforms.fsrt_item import (
    PLAIN,
    FsrtAugmentation,
    FsrtDraws,
    draw_fsrt,
    fsrt_images,
    fsrt_item,
)
from data_pipelines.transforms.photometric import no_color_jitter

FACES = np.broadcast_to(NOMINAL_FACE, (3, 2, 2))
FRAMES = np.random.default_rng(0).integers(0, 256, (3, 40, 60, 3), np.uint8)


def draw(seed, augmentation):
    rng = np.random.default_rng(seed)
    return draw_fsrt(rng, FACES[:1], FACES[1:], (60, 40), augmentation)


def given(**changes):
    plain = FsrtDraws(False, None, (NO_MARGINS,) * 2, no_color_jitter(3))
    return dataclasses.replace(plain, **changes)


def test_probabilities():
    draws = [draw(seed, FsrtAugmentation()) for seed in range(400)]
    assert abs(np.mean([d.flip for d in draws]) - 0.5) < 0.1
    assert abs(np.mean([d.out_of_frame is not None for d in draws]) - 0.5) < 0.1
    both = np.mean([d.flip and d.out_of_frame is not None for d in draws])
    assert abs(both - 0.25) < 0.08


def test_each_driving_frame_has_its_own_expression_crop():
    draws = [draw(seed, FsrtAugmentation()) for seed in range(20)]
    assert all(len(d.expression_crops) == 2 for d in draws)
    assert sum(d.expression_crops[0] == d.expression_crops[1] for d in draws) < 3


def test_validation_keeps_crops_and_drops_flip_and_colour():
    draws = [draw(s, FsrtAugmentation().for_validation()) for s in range(100)]
    assert not any(d.flip for d in draws)
    assert any(d.out_of_frame not in (None, NO_MARGINS) for d in draws)
    assert any(d.expression_crops[0] != NO_MARGINS for d in draws)
    for d in draws:
        np.testing.assert_array_equal(d.colors.factors, [[1, 1, 1, 0]] * 3)
        np.testing.assert_array_equal(d.colors.order, [[0, 1, 2, 3]] * 3)


def test_plain_draws_nothing():
    draws = [draw(s, PLAIN) for s in range(20)]
    assert all(d.out_of_frame is None and not d.flip for d in draws)
    assert all(set(d.expression_crops) == {NO_MARGINS} for d in draws)


def test_color_factors_are_uniform_and_orders_permutations():
    colors = [draw(s, FsrtAugmentation()).colors for s in range(300)]
    factors = np.stack([c.factors for c in colors])
    assert factors.shape == (300, 3, 4) and factors.dtype == np.float32
    centre = np.array([1, 1, 1, 0], np.float32)
    deviation = (factors - centre).reshape(-1, 4)
    assert np.abs(deviation).max() <= 0.1 + 1e-6
    # Uniform on [-0.1, 0.1]: standard deviation 0.1 / sqrt(3).
    np.testing.assert_allclose(deviation.std(axis=0), 0.0577, atol=0.004)
    orders = np.stack([c.order for c in colors]).reshape(-1, 4)
    assert orders.dtype == np.int32
    assert (np.sort(orders, axis=1) == np.arange(4)).all()
    assert len(np.unique(orders, axis=0)) == 24


def test_one_crop_for_sources_and_drivers_and_own_expression_crops():
    own = (Margins(10, 20, 30, 40), Margins(50, 0, 0, 60))
    draws = given(out_of_frame=Margins(40, 30, 20, 10), expression_crops=own)
    images = fsrt_images(FRAMES[:1], FRAMES[1:], draws, 16)
    shared = Margins(9, 7, 3, 2)  # 40 and 30 of 256 on 60 columns, 20 and 10 on 40 rows
    for name, frames in (("source", FRAMES[:1]), ("driving", FRAMES[1:])):
        for image, frame in zip(images[f"{name}_images"], frames, strict=True):
            np.testing.assert_array_equal(image, crop_and_resize(frame, shared, 16))
        whole = images[f"{name}_images_uncropped"]
        for image, frame in zip(whole, frames, strict=True):
            np.testing.assert_array_equal(image, crop_and_resize(frame, NO_MARGINS, 16))
    for crop, frame, margins in zip(
        images["driving_expression_crops"], FRAMES[1:], own, strict=True
    ):
        expected = crop_and_resize(frame, margins.scaled(60, 40), 16)
        np.testing.assert_array_equal(crop, expected)


def test_flip_comes_before_the_crop():
    draws = given(out_of_frame=Margins(128, 0, 0, 0))
    flipped = dataclasses.replace(draws, flip=True)
    from_left = fsrt_images(FRAMES[:1, :, ::-1], FRAMES[1:, :, ::-1], draws, 16)
    from_flip = fsrt_images(FRAMES[:1], FRAMES[1:], flipped, 16)
    for name, images in from_left.items():
        np.testing.assert_array_equal(images, from_flip[name])


def test_crop_ranges_follow_the_flipped_face():
    # A face at the left edge: after a flip there is room on the left only.
    face = np.array([[[0.0, 100.0], [90.0, 200.0]]], np.float32)
    augmentation = FsrtAugmentation(1.0, 1.0)
    for seed in range(30):
        rng = np.random.default_rng(seed)
        draws = draw_fsrt(rng, face, face, (256, 256), augmentation)
        assert draws.flip and draws.out_of_frame.right == 0
        assert draws.expression_crops[0].right == 0


def test_item_rounds_and_reports_the_transform():
    keypoints = np.zeros((3, 10, 2), np.float32)
    draws = given(out_of_frame=Margins(40, 30, 20, 10))
    item = fsrt_item(FRAMES[:1], FRAMES[1:], keypoints[:1], keypoints[1:], draws, 16)
    exact = fsrt_images(FRAMES[:1], FRAMES[1:], draws, 16)
    for name, images in exact.items():
        assert item[name].dtype == np.uint8
        assert np.abs(item[name] - images).max() <= 0.5 + 1e-4
    np.testing.assert_allclose(item["keypoint_scale"], [60 / 44, 40 / 35], rtol=1e-6)
    np.testing.assert_allclose(item["keypoint_shift"], [-2 / 60, -1 / 40], rtol=1e-6)


def test_item_reports_the_expression_crops():
    keypoints = np.zeros((3, 10, 2), np.float32)
    own = (Margins(40, 30, 20, 10), Margins(200, 56, 0, 0))  # nothing left: not cut
    draws = given(expression_crops=own)
    item = fsrt_item(FRAMES[:1], FRAMES[1:], keypoints[:1], keypoints[1:], draws, 16)
    scale, shift = [[60 / 44, 40 / 35], [1, 1]], [[-2 / 60, -1 / 40], [0, 0]]
    np.testing.assert_allclose(item["expression_scale"], scale, rtol=1e-6)
    np.testing.assert_allclose(item["expression_shift"], shift, rtol=1e-6)


def test_no_crop_leaves_keypoints():
    keypoints = np.zeros((3, 10, 2), np.float32)
    item = fsrt_item(FRAMES[:1], FRAMES[1:], keypoints[:1], keypoints[1:], given(), 16)
    assert item["keypoint_scale"].tolist() == [1, 1]
    assert item["keypoint_shift"].tolist() == [0, 0]
    np.testing.assert_array_equal(
        item["source_images"], item["source_images_uncropped"]
    )
