import numpy as np
import pytest

from face_jax.fsrt.frame_scores import columns, curves, frame_scores, worst_frames
from face_jax.fsrt.scores import WHOLE, Clip, measure
from tests.fsrt.tiny_model import IMAGE_SIZE, moving_frames

INDICES = np.array([2, 3, 5, 6])


@pytest.fixture(scope="module")
def clip():
    boxes = np.tile(np.array([4, 4, 20, 20], np.float32), (8, 1))
    boxes[3] = np.nan
    frames = moving_frames(8, IMAGE_SIZE, IMAGE_SIZE)
    return Clip("me", frames, regions={"mouth": boxes})


@pytest.fixture(scope="module")
def result(clip):
    """Results that are the worse the later they are, but for the third."""
    result = clip.frames[INDICES].astype(int)
    result += np.array([5, 10, 40, 20])[:, None, None, None]
    return result.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def found(clip, result):
    return frame_scores("tail", INDICES, result, clip.take(INDICES))


def test_means_over_frames_are_those_of_the_report(clip, result, found):
    whole = measure(result, clip.take(INDICES))
    for row, region in enumerate((WHOLE, "mouth")):
        expected = list(whole[region].values())
        np.testing.assert_allclose(
            np.nanmean(found.values[:, row], axis=0), expected, rtol=1e-5
        )


def test_every_frame_and_region_has_a_row(found):
    rows = found.rows()
    assert len(rows) == 8 and all(len(row) == len(columns("part")) for row in rows)
    assert [row[2] for row in rows[::2]] == INDICES.tolist()
    assert rows[0][:4] == ["me", "tail", 2, WHOLE]
    assert rows[3] == ["me", "tail", 3, "mouth", None, None, None]


def test_the_worst_come_first(clip, result, found):
    sheet = worst_frames(result, clip.take(INDICES), found)
    assert [title.split(":")[0] for title in sheet.columns] == [
        "frame 5",
        "frame 6",
        "frame 3",
        "frame 2",
    ]
    assert sheet.draw().ndim == 3
    assert b"tail" in curves([found])
