"""All devices of this process for what needs one model and many rows."""

import jax

from face_jax.placement import Rows, count_parts
from face_jax.train.partitioning import batch_sharding, make_mesh


def over_all_devices() -> Rows:
    """Rows divided over all devices, or None where there is one."""
    return None if jax.device_count() == 1 else batch_sharding(make_mesh())


def whole_batch(batch: int, rows: Rows) -> int:
    """The batch, or as few more rows as make it the same on every device."""
    parts = 1 if rows is None else count_parts(rows)
    return -(-batch // parts) * parts
