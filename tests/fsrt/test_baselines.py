import numpy as np

from face_jax.fsrt import baselines


def frames(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 4, 5, 3), np.uint8)


def test_constant_baselines():
    clip = frames(6)
    np.testing.assert_array_equal(baselines.copy_source(clip[2], 3), [clip[2]] * 3)
    mean = baselines.mean_frame(clip, 2)
    assert mean.dtype == np.uint8
    assert np.abs(mean[1] - clip.astype(float).mean(0)).max() <= 0.5


def test_nearest_by_points_is_the_least_squared_distance():
    rng = np.random.default_rng(1)
    training, held_out = rng.random((7, 68, 2)), rng.random((3, 68, 2))
    distances = ((training[None] - held_out[:, None]) ** 2).sum((2, 3))
    expected = distances.argmin(1)
    np.testing.assert_array_equal(
        baselines.nearest_by_points(training, held_out), expected
    )
    np.testing.assert_array_equal(
        baselines.nearest_by_points(training, training[[5, 0]]), [5, 0]
    )


def test_nearest_by_pixels_has_the_highest_psnr():
    training = frames(5)
    noisy = training[[3, 1]].astype(int) + np.random.default_rng(2).integers(
        -9, 10, (2, 4, 5, 3)
    )
    held_out = np.clip(noisy, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(
        baselines.nearest_by_pixels(training, held_out), [3, 1]
    )
