"""The configs on pods: what their chips must hold and send."""

import jax
import pytest

from face_jax.cli.config import load_config
from face_jax.cli.plans import make_plans
from face_jax.cli.runs import make_trainer
from face_jax.train import partitioning
from face_jax.train.collectives import bytes_by_axes, gathered_activations
from face_jax.train.plan import LARGE, state_bytes, whole_moments
from face_jax.train.state import abstract_state
from face_jax.train.topologies import CHIPS
from tests.train.chips import needs_compiler

pytestmark = pytest.mark.slow

SCALED = "configs/fsrt/scaled.py:random_weights"
PUBLISHED = "configs/fsrt/vox256.py:random_weights"


def test_the_scaled_model_is_for_chips_that_share_it(tmp_path):
    """In one copy for each chip its state alone is more than a v5e has."""
    config = load_config(SCALED, ["mesh.fsdp=8"])
    run = make_trainer(config, tmp_path)
    state = abstract_state(run.task, dict(run.streams.spec()), with_ema=False)
    shared = run.shardings_of(state)
    alone = partitioning.place(
        state, partitioning.make_mesh(1, 1, 1, devices=jax.devices()[:1])
    ).shardings
    whole, part = (sum(state_bytes(state, s).values()) for s in (alone, shared))
    assert whole > 2 * CHIPS["v5e"].memory_bytes
    assert part < whole / 8 + (100 << 20)
    assert whole_moments(state, shared, dict(run.mesh.shape)) == ()


@needs_compiler
@pytest.mark.slow
def test_published_fsrt_sends_gradients_alone():
    (plan,) = make_plans(
        load_config(PUBLISHED), ["v5e:4x2"], [(8, 1, 1)], [0], rows_per_chip=3
    )
    assert plan.rows == 24 and plan.fits
    found = bytes_by_axes(plan.costs.collectives)
    assert set(found) == {("all-reduce", "data")}
    # Two directions of a ring; the first layer's encodings are summed as a picture.
    picture = 256 * 256 * 96 * 4
    parameters = plan.state_bytes["params"] + picture
    assert found["all-reduce", "data"] < 2.0 * parameters


@needs_compiler
@pytest.mark.slow
def test_the_scaled_model_fits_where_chips_share_it():
    """Minutes, like each of these."""
    (shared,) = make_plans(
        load_config(SCALED), ["v5e:16x16"], [(16, 16, 1)], [0], rows_per_chip=1
    )
    assert shared.fits and shared.whole_moments == ()
    gathered = gathered_activations(
        shared.costs.collectives, shared.parameter_elements, LARGE
    )
    assert gathered == []
