import numpy as np

from face_jax import viz
from face_jax.fsrt.evaluation import HoldOut
from face_jax.fsrt.scores import Clip
from face_jax.fsrt.sheets import CELL, self_reenactment_sheet, spread


def test_spread_keeps_both_ends():
    np.testing.assert_array_equal(spread(9, 3), [0, 4, 8])
    np.testing.assert_array_equal(spread(2, 6), [0, 1])


def test_self_reenactment_sheet_shows_frames_and_crops():
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (10, 32, 32, 3), np.uint8)
    boxes = np.tile([8.0, 16.0, 24.0, 24.0], (10, 1))
    boxes[7] = np.nan
    clip = Clip("clip", frames, regions={"mouth": boxes})
    hold_out = HoldOut(np.array([6, 7, 8, 9]), {}, {}, frames[:4], frames[:4])
    sheet = self_reenactment_sheet(clip, frames[0], hold_out, columns=4).draw()
    # Titles and gaps around five rows of cells and two of crops at half their height.
    assert 6 * CELL < sheet.shape[0] < 6 * CELL + 80
    assert 4 * CELL < sheet.shape[1] < 4 * CELL + 220
    driving = viz.enlarge(frames[6], CELL // 32)
    windows = np.lib.stride_tricks.sliding_window_view(sheet[..., 0], (4, 4))
    assert (windows == driving[:4, :4, 0]).all((2, 3)).any()
