import numpy as np
import pytest

from face_jax.latent_ofer.smoothing import ProbabilityFilter

FRAMES, CLASSES, RATE = 24, 4, 25
EVERYWHERE = np.ones(FRAMES, bool)


def trembling(seed=0):
    """Probabilities around a steady expression."""
    logits = np.random.default_rng(seed).normal(0, 0.7, (FRAMES, CLASSES))
    logits[:, 0] += 2
    odds = np.exp(logits)
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def test_off_changes_nothing():
    given = trembling()
    assert ProbabilityFilter(0, RATE)(given, EVERYWHERE) is given


def test_probabilities_stay_probabilities_and_are_calmed():
    given = trembling()
    found = ProbabilityFilter(0.7, RATE)(given, EVERYWHERE)
    assert found.min() >= 0 and found.max() <= 1
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    before, after = (np.abs(np.diff(rows, axis=0)).mean() for rows in (given, found))
    assert after < before / 2


def test_chunks_are_one_clip():
    given = trembling()
    whole = ProbabilityFilter(0.5, RATE)(given, EVERYWHERE)
    calm = ProbabilityFilter(0.5, RATE)
    half = FRAMES // 2
    parts = [calm(part, EVERYWHERE[:half]) for part in (given[:half], given[half:])]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)


def test_an_expression_that_stays_is_reached():
    given = np.repeat(np.eye(CLASSES, dtype=np.float32)[:2], FRAMES // 2, axis=0)
    found = ProbabilityFilter(1, RATE)(given, EVERYWHERE)
    assert found[FRAMES // 2, 1] < 0.5 and found[-1, 1] > 0.6


def test_frames_without_a_face_change_nothing_later_but_the_time():
    given, valid = trembling(), EVERYWHERE.copy()
    valid[5:15] = False
    other = given.copy()
    other[5:15] = np.nan
    found, same = (ProbabilityFilter(0.5, RATE)(r, valid) for r in (given, other))
    np.testing.assert_array_equal(found[valid], same[valid])
    # After so long a gap the memory has faded.
    steady = ProbabilityFilter(0.5, RATE)(given, EVERYWHERE)
    jump = np.abs(found[15] - given[15]).max()
    assert jump < 0.2 and not np.array_equal(found[15], steady[15])


@pytest.mark.parametrize(("strength", "rate"), [(1.5, 25), (0.5, 0)])
def test_settings_out_of_range_are_refused(strength, rate):
    with pytest.raises(ValueError, match="expected"):
        ProbabilityFilter(strength, rate)
