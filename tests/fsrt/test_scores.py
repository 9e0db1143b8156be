import numpy as np
import pytest

from face_jax.fsrt.scores import FRAMES_AT_ONCE, WHOLE, Clip, measure
from face_jax.metrics import image as image_metrics

SIDE = 16


def frames(count, seed):
    shape = (count, SIDE, SIDE, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def test_scores_are_means_over_frames_in_every_region():
    count = FRAMES_AT_ONCE + 3
    boxes = np.tile([2.0, 3.0, 11.0, 13.0], (count, 1))
    boxes[4] = np.nan
    target = Clip("clip", frames(count, 0), regions={"mouth": boxes})
    prediction = frames(count, 1)
    scores = measure(prediction, target)
    error = prediction.astype(float) / 255 - target.frames.astype(float) / 255
    psnr = -10 * np.log10((error**2).mean((1, 2, 3)))
    np.testing.assert_allclose(scores[WHOLE]["psnr"], psnr.mean(), rtol=1e-5)
    inside = np.abs(error[:, 3:13, 2:11]).mean((1, 2, 3))
    np.testing.assert_allclose(
        scores["mouth"]["l1"], np.delete(inside, 4).mean(), rtol=1e-5
    )
    ssim = image_metrics.ssim(
        prediction / np.float32(255), target.frames / np.float32(255)
    )
    np.testing.assert_allclose(scores[WHOLE]["ssim"], ssim.mean(), atol=1e-5)


def test_an_unknown_region_is_nan():
    target = Clip("clip", frames(2, 0), regions={"eyes": np.full((2, 4), np.nan)})
    assert np.isnan(measure(frames(2, 1), target)["eyes"]["psnr"])


def test_take_keeps_everything_aligned():
    clip = Clip(
        "clip",
        frames(5, 0),
        keypoints=np.arange(100.0).reshape(5, 10, 2),
        regions={"mouth": np.arange(20.0).reshape(5, 4)},
    )
    part = clip.take([4, 1])
    assert len(part) == 2 and part.landmarks is None
    np.testing.assert_array_equal(part.frames, clip.frames[[4, 1]])
    np.testing.assert_array_equal(part.keypoints, clip.keypoints[[4, 1]])
    np.testing.assert_array_equal(
        part.regions["mouth"], [[16, 17, 18, 19], [4, 5, 6, 7]]
    )


def test_another_number_of_frames_is_refused():
    with pytest.raises(ValueError, match=r"clip: predicted frames \[3, 16, 16, 3\]"):
        measure(frames(2, 1), Clip("clip", frames(3, 0)))
