import dataclasses

import numpy as np
import pytest

from data_pipelines.synth import hair_styles
from data_pipelines.synth.growth import SEGMENTS
from data_pipelines.synth.hair import BEARD_LOCKS, LOCKS, SCALP_LOCKS, grow_locks
from data_pipelines.synth.hair_cover import beard_cover, scalp_cover, scalp_paint
from data_pipelines.synth.hair_styles import STYLES
from data_pipelines.synth.people import BEARD_STYLES, HAIR_STYLES
from tests.data_pipelines.synth.people_at_hand import (
    SEED,
    ground,
    locks,
    neutral,
    prepared,
    straight,
)

FACE = prepared().face
MARKS = neutral()[1]


def test_every_style_has_its_numbers_or_no_locks():
    assert set(HAIR_STYLES) == {"bald", *STYLES}
    bald = locks("bald")
    assert bald.widths.max() == 0
    assert bald.lines.shape == (LOCKS, SEGMENTS + 1, 3)


@pytest.mark.parametrize("style", sorted(STYLES))
def test_locks_start_on_the_head_and_stay_outside(style):
    grown = locks(style).lines[:SCALP_LOCKS]
    unrolling = ground().unrolling
    roots = unrolling.radii(grown[:, 0]) - ground().radius_below(grown[:, 0])
    assert np.abs(roots).max() < 2e-3
    above = grown[grown[..., 1] > MARKS[8, 1]]
    outside = unrolling.radii(above) - ground().radius_below(above)
    assert np.quantile(outside, 0.02) > -0.006
    assert np.isfinite(grown).all()


def test_hair_grows_again_the_same():
    again = grow_locks(straight("curly"), SEED, FACE, ground())
    for name, values in dataclasses.asdict(locks("curly")).items():
        np.testing.assert_array_equal(values, getattr(again, name))


def test_styles_have_their_lengths():
    def lowest(style: str) -> float:
        return float(np.quantile(locks(style).lines[:SCALP_LOCKS, :, 1], 0.01))

    assert lowest("long") < lowest("bob") - 0.05 < lowest("short") - 0.05
    assert lowest("bob") == pytest.approx(MARKS[8, 1], abs=0.02)
    tips = {s: locks(s).lines[:SCALP_LOCKS] for s in ("buzz", "curly")}
    reach = {
        s: np.linalg.norm(t[:, -1] - t[:, 0], axis=1).mean() for s, t in tips.items()
    }
    assert reach["buzz"] < 0.012 < reach["curly"]


def test_hair_leaves_the_face_free_but_for_a_fringe():
    eyes = MARKS[36:48, 1].mean()
    brows = MARKS[17:27, 1].mean()

    def before_the_eyes(style: str) -> np.ndarray:
        points = locks(style).lines[:SCALP_LOCKS].reshape(-1, 3)
        near = (np.abs(points[:, 0]) < 0.045) & (points[:, 2] > MARKS[39, 2] - 0.02)
        return points[near & (points[:, 1] > eyes - 0.1), 1]

    for style in ("long", "bob", "side_part", "swept"):
        assert before_the_eyes(style).min(initial=1.0) > brows
    fringe = before_the_eyes("bob_fringe")
    assert brows - 0.02 < fringe.min() < brows + 0.012


def test_hair_parts_at_its_line():
    grown = locks("long").lines[:SCALP_LOCKS]
    top = (grown[:, 0, 1] > MARKS[27, 1] + 0.08) & (np.abs(grown[:, 0, 0]) > 0.01)
    moved = grown[top, 2, 0] - grown[top, 0, 0]
    assert (np.sign(moved) == np.sign(grown[top, 0, 0])).mean() > 0.97


@pytest.mark.parametrize("comb", sorted({style.comb for style in STYLES.values()}))
def test_combs_give_directions(comb):
    points = locks("buzz").lines[:SCALP_LOCKS, 0]
    crown = np.array([0.0, 0.06, -0.06], np.float32)
    flow = hair_styles.comb_directions(comb, points, points + 0.001, crown, 0.01)
    assert flow.shape == points.shape
    np.testing.assert_allclose(np.linalg.norm(flow, axis=1), 1, atol=0.02)


def test_roots_are_covered_solidly_and_the_face_is_not():
    hair = straight("long")
    cover = scalp_paint(np.random.default_rng(0), FACE, hair, SEED)
    assert cover.min() >= 0 and cover.max() <= 1
    columns, rows = locks("long").roots[:SCALP_LOCKS].astype(int).T
    assert np.quantile(cover[rows, columns], 0.1) > 0.5
    columns, rows = FACE.marks[27:].astype(int).T
    assert cover[rows, columns].max() == 0


def test_old_hairlines_lie_higher():
    young = scalp_cover(FACE, straight("short"), SEED)
    old = scalp_cover(FACE, dataclasses.replace(straight("short"), recession=1.0), SEED)
    assert old.sum() < 0.97 * young.sum()


@pytest.mark.parametrize("beard", [b for b in BEARD_STYLES if b != "none"])
def test_beards_leave_lips_and_eyes_free(beard):
    cover = beard_cover(FACE, beard, SEED)
    assert cover.max() > 0.7
    columns, rows = FACE.marks[[*range(17, 27), *range(36, 48), 62, 66]].astype(int).T
    assert cover[rows, columns].max() < 0.25


def test_moustaches_end_above_the_mouth():
    grown = locks("bald", "full")
    lines = grown.lines[SCALP_LOCKS:]
    assert len(lines) == BEARD_LOCKS and grown.widths[SCALP_LOCKS:].min() > 0
    upper = np.abs(lines[:, 0, 0]) < 0.025
    upper &= lines[:, 0, 1] > MARKS[62, 1]
    assert upper.sum() > 12
    assert lines[upper, :, 1].min() > MARKS[62, 1] - 0.006
    assert lines[..., 1].min() < MARKS[8, 1] - 0.005
