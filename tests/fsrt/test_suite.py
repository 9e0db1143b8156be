import json

import numpy as np
import pytest

from face_jax.fsrt.evaluation import Split
from face_jax.fsrt.scores import WHOLE, Clip
from face_jax.fsrt.suite import Subject, evaluate, sheet_name
from tests.fsrt.tiny_model import IMAGE_SIZE, build_model, moving_frames

SPLIT = Split(np.arange(1, 6), {"tail": np.array([6, 7])})


def make_subject(seed):
    clip = Clip(f"clip{seed}", moving_frames(8, IMAGE_SIZE, IMAGE_SIZE, seed))
    return Subject(clip, SPLIT, (0,))


@pytest.fixture(scope="module")
def model():
    return build_model()


def test_one_clip_has_no_swaps(model):
    results = evaluate(model, [make_subject(0)])
    assert results.swaps is None
    assert list(results.sheets) == ["clip0_tail", "clip0_tail_worst"]
    assert len(results.tables()) == 4
    assert "swapped_source" not in results.reports[0].hold_outs["tail"].ablations


def test_several_clips_are_compared(model):
    results = evaluate(model, [make_subject(seed) for seed in range(2)])
    own = results.reports[1].hold_outs["tail"]
    assert results.swaps.psnr[1, 1] == own.score("model")
    assert results.swaps.psnr[1, 0] == own.score("swapped_source")
    expected = {f"cross_{m}_{f}" for m in ("absolute", "relative") for f in (0, 1)}
    own_sheets = {f"clip{n}_tail{kind}" for n in (0, 1) for kind in ("", "_worst")}
    assert set(results.sheets) == expected | own_sheets
    found = json.loads(json.dumps(results.as_dict(), allow_nan=False))
    assert found["clips"][1]["hold_outs"]["tail"]["methods"]["model"][WHOLE]["ssim"] < 1
    assert found["source_swaps"]["cost"] == results.swaps.costs().tolist()
    titles = [table.title for table in results.tables()]
    assert titles[0].startswith("last 20 %") and titles[1].startswith("Source swaps")


def test_sheet_names_are_file_names():
    assert (
        sheet_name("synthetic face 0, clip 1/2", "t") == "synthetic_face_0_clip_1_2_t"
    )
