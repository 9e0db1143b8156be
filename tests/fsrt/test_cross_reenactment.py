import numpy as np
import pytest

from face_jax.fsrt import inference
from face_jax.fsrt.cross_reenactment import (
    SourceSwaps,
    cross_reenactment,
    source_swaps,
)
from face_jax.fsrt.motion import MotionOptions
from face_jax.fsrt.scores import WHOLE, Clip, measure
from face_jax.fsrt.sheets import cross_reenactment_sheet
from tests.fsrt.tiny_model import IMAGE_SIZE, build_model, moving_frames


@pytest.fixture(scope="module")
def model():
    return build_model()


@pytest.fixture(scope="module")
def clips():
    return [
        Clip(f"clip{seed}", moving_frames(5, IMAGE_SIZE, IMAGE_SIZE, seed))
        for seed in range(2)
    ]


def test_pairs_equal_animate(model, clips):
    sources = [clip.take([0]) for clip in clips]
    cross = cross_reenactment(model, sources, clips, [[1, 4], [2, 3]])
    scene = inference.encode_sources(model, clips[0].frames[:1])
    absolute = inference.animate(model, scene, clips[1].frames)
    np.testing.assert_array_equal(cross.results["absolute"][0, 1], absolute[[2, 3]])
    options = MotionOptions(relative=True, adapt_scale=True)
    relative = inference.animate(model, scene, clips[1].frames, options, initial="best")
    np.testing.assert_array_equal(cross.results["relative"][0, 1], relative[[2, 3]])
    np.testing.assert_array_equal(cross.drivers[0].frames, clips[0].frames[[1, 4]])
    sheet = cross_reenactment_sheet(cross, "relative").draw()
    assert sheet.dtype == np.uint8 and min(sheet.shape[:2]) > 3 * 160


def test_swaps_score_every_source_on_every_clip(model, clips):
    sources = [clip.take([0]) for clip in clips]
    targets = [clip.take([3, 4]) for clip in clips]
    swaps = source_swaps(model, sources, targets)
    scene = inference.encode_sources(model, sources[1].frames)
    motion = inference.describe_frames(model, targets[0].frames)
    expected = measure(inference.render(model, scene, motion), targets[0])
    assert swaps.psnr[0, 1] == expected[WHOLE]["psnr"]
    with pytest.raises(ValueError, match="at least 2 clips expected, got 1"):
        source_swaps(model, sources[:1], targets[:1])


def test_costs_compare_the_right_source_with_the_wrong_ones():
    psnr = np.array([[30.0, 20.0, 22.0], [10.0, 11.0, 12.0], [5.0, 5.0, 9.0]])
    costs = SourceSwaps(["a", "b", "c"], psnr).costs()
    np.testing.assert_allclose(costs, [9.0, 0.0, 4.0])
