"""SMIRK looks at pictures that FSRT made."""

import dataclasses

import numpy as np
import pytest

from face_jax.cli.witness import SEEN, Witness, witness_table
from face_jax.fsrt.known_people import MODES, Encounter, Outcome
from face_jax.fsrt.scores import Clip
from face_jax.smirk import inference
from tests.smirk.small_model import small_model
from tests.smirk.small_task import write_head

pytestmark = pytest.mark.slow

SIDE, FRAMES = 40, 3


def clip(seed, count=FRAMES):
    """Pictures of noise in patches, and points all over them."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (count, 8, 8, 3), np.uint8)
    points = random.uniform(5, SIDE - 5, (count, 68, 2)).astype(np.float32)
    return Clip("noise", coarse.repeat(5, axis=1).repeat(5, axis=2), landmarks=points)


@pytest.fixture(scope="module")
def witness(tmp_path_factory):
    model = small_model(write_head(tmp_path_factory.mktemp("head")), generator=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "load", lambda path: model)
        return Witness("a run")


@pytest.fixture
def encounter():
    truth, source = clip(1), clip(2, 1)
    names = {mode.truth for mode in MODES.values()}
    return Encounter(source, source, truth, dict.fromkeys(names, truth), source)


def made(frames):
    return Outcome(dict.fromkeys(MODES, frames), {})


def row_of(pair, witness):
    table = witness_table("noise", [pair], witness)
    assert [row[0] for row in table.rows] == list(MODES)
    assert len(table.header) == len(table.rows[0]) == 1 + 3 * len(SEEN)
    return np.reshape(table.rows[0][1:], (len(SEEN), 3)).astype(float)


def test_the_truth_itself_moves_as_the_truth_does(encounter, witness):
    row = row_of((encounter, made(encounter.driver.frames)), witness)
    np.testing.assert_allclose(row[:, 0], row[:, 1], rtol=1e-6)
    np.testing.assert_allclose(row[:, 2], 1.0, rtol=1e-6)
    assert (row[:, 0] > 0).all()


def test_a_copy_of_the_source_does_not_move(encounter, witness):
    source = encounter.source
    # Crops follow the true landmarks, so the source's must be where they are.
    still = {
        n: dataclasses.replace(c, landmarks=source.landmarks.repeat(FRAMES, 0))
        for n, c in encounter.truths.items()
    }
    encounter = dataclasses.replace(encounter, truths=still)
    row = row_of((encounter, made(source.frames.repeat(FRAMES, 0))), witness)
    assert (row[:, 0] > 0).all()
    np.testing.assert_allclose(row[:, 1], 0, atol=1e-4)


def test_faces_must_be_found(witness):
    with pytest.raises(ValueError, match="told where faces are"):
        witness.measure(clip(1).frames, None)
