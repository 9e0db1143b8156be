import numpy as np

from face_jax.temporal.chunks import in_batches


def test_batches_do_not_change_results():
    rows = np.arange(11, dtype=np.float32)
    shapes = []

    def double(values):
        shapes.append(values.shape)
        return {"twice": 2 * values}

    found = in_batches(double, rows, size=4)
    np.testing.assert_array_equal(found["twice"], 2 * rows)
    assert shapes == [(4,)] * 3
