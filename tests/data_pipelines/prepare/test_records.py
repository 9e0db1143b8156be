import cv2
import numpy as np

from data_pipelines.prepare.records import encode


def test_jpeg_is_smaller_and_close():
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    picture = np.stack(np.broadcast_arrays(ramp, ramp[:, None], ramp[::-1]), axis=-1)
    grain = np.random.default_rng(0).integers(0, 8, (64, 64, 1), np.uint8)
    picture = np.minimum(picture, 247) + grain
    exact, small = encode(picture, "png"), encode(picture, "jpeg")
    assert len(small) < len(exact)
    for encoded, most in ((exact, 0), (small, 20)):
        found = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert np.abs(found.astype(int) - picture).max() <= most


def test_masks_are_grey():
    mask = np.arange(64, dtype=np.uint8).reshape(8, 8)
    stored = np.frombuffer(encode(mask, "png"), np.uint8)
    np.testing.assert_array_equal(cv2.imdecode(stored, cv2.IMREAD_UNCHANGED), mask)
