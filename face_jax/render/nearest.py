"""Depth tests by scatter-min: of all candidates for a place the nearest one stays.

Candidates belong to work items, which are handled in chunks of fixed size by a loop
whose number of turns depends on their number. Depths travel as integer keys that order
like them. Owners must come in descending order: a later winner of a place then always
has the smaller number, and the plain minimum is right both for nearer candidates and
for exact ties, which go to the smaller number.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from face_jax.types import Array

NOTHING = np.int32(np.iinfo(np.int32).max)
"""Key and owner of a place without a candidate; larger than any other."""
NOWHERE = NOTHING
"""Row of candidates that do not count; beyond every buffer."""

Buffers = tuple[Array, Array]
"""Depth keys and owners of R rows with L places each, int32 [R, L]."""
Candidates = tuple[Array, Array, Array]
"""Keys int32 [N, L], rows of the buffers int32 [N], owners int32 [N]."""


def depth_keys(depth: Array, valid: Array) -> Array:
    """Integer keys of depths above 0, ``NOTHING`` where not valid; of any shape."""
    # Positive floats order like their bits.
    return jnp.where(valid, lax.bitcast_convert_type(depth, jnp.int32), NOTHING)


def last_begun(ends: Array, items: Array) -> Array:
    """To whom work items belong, int32 [C].

    Args:
      ends: int32 [N] ascending, number of items up to and with those of each owner.
      items: int32 [C] numbers of items; from ``ends[-1]`` on they belong to nobody, N.
    """

    def search(method: str) -> Callable[[Array, Array], Array]:
        return functools.partial(jnp.searchsorted, side="right", method=method)

    # Elsewhere than on a CPU a loop is a kernel for each of twenty halvings.
    found = lax.platform_dependent(
        ends, items, cpu=search("scan"), default=search("scan_unrolled")
    )
    return found.astype(jnp.int32)


def empty_buffers(rows: int, places: int) -> Buffers:
    """Buffers without any candidate, int32 [rows, places] each."""
    return jnp.full((rows, places), NOTHING), jnp.full((rows, places), NOTHING)


def nearest_owners(
    buffers: Buffers,
    num_items: Array,
    chunk: int,
    candidates: Callable[[Array], Candidates],
) -> Buffers:
    """Finds who is nearest at every place.

    The keys of a chunk are used twice, for the minimum and to see who has it. They go
    through the loop's carry, one turn ahead: computed within the turn that uses them,
    they may be computed once per use, with different rounding, and places get lost.

    Args:
      buffers: of ``empty_buffers``, or the result for items whose owners are larger.
      num_items: int32, how many work items there are.
      chunk: items handled at once; memory grows with it, the result does not depend
        on it.
      candidates: of items int32 [chunk]; those from ``num_items`` on must get rows of
        ``NOWHERE``. Owners of later items are not larger.

    Returns:
      The buffers with the nearest of old and new.
    """
    first = jnp.arange(chunk, dtype=jnp.int32)
    none = tuple(
        jnp.full(array.shape, NOTHING) for array in jax.eval_shape(candidates, first)
    )

    def body(state):
        turn, depths, owners, (key, row, owner) = state
        depths = depths.at[row].min(key, mode="drop")
        nearest = depths.at[row].get(mode="clip")
        won = jnp.where((key == nearest) & (key < NOTHING), owner[:, None], NOTHING)
        owners = owners.at[row].min(won, mode="drop")
        return turn + 1, depths, owners, candidates((turn + 1) * chunk + first)

    state = (jnp.int32(-1), *buffers, none)
    _, depths, owners, _ = lax.while_loop(
        lambda s: s[0] * chunk < num_items, body, state
    )
    return depths, owners
