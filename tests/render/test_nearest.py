import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.render import nearest

ROWS, PLACES, ITEMS = 6, 4, 50


def test_keys_order_like_depths_and_invalid_ones_come_last():
    depth = np.array([1e-8, 1e-3, 0.5, 1, 1.0000001, 3e38, np.inf, 2], np.float32)
    keys = np.asarray(nearest.depth_keys(depth, np.arange(8) < 7))
    assert (np.diff(keys) > 0).all()
    assert keys[-1] == nearest.NOTHING


@functools.partial(jax.jit, static_argnames="chunk")
def owners_of(depth, row, owner, chunk):
    def candidates(items):
        place = jnp.where(items < ITEMS, row[items], nearest.NOWHERE)
        return nearest.depth_keys(depth[items], depth[items] > 0), place, owner[items]

    buffers = nearest.empty_buffers(ROWS, PLACES)
    return nearest.nearest_owners(buffers, jnp.int32(ITEMS), chunk, candidates)[1]


@pytest.mark.parametrize("chunk", [1, 7, 50, 64])
def test_the_nearest_owner_stays_and_ties_go_to_the_smaller_number(chunk):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        # Few different depths, so that ties are many; negative ones do not count.
        depth = rng.integers(-1, 4, (ITEMS, PLACES)).astype(np.float32)
        row = rng.integers(0, ROWS, ITEMS).astype(np.int32)
        owner = np.sort(rng.integers(0, 30, ITEMS))[::-1].astype(np.int32)
        expected = np.full((ROWS, PLACES), nearest.NOTHING)
        for r, p in np.ndindex(expected.shape):
            here = [
                (d, o)
                for d, o in zip(depth[row == r, p], owner[row == r], strict=True)
                if d > 0
            ]
            expected[r, p] = min(here)[1] if here else nearest.NOTHING
        found = owners_of(depth, row, owner, chunk)
        np.testing.assert_array_equal(found, expected)
