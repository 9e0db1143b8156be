"""Made-up batches and the share of a device's peak; steps are timed by tests/cli."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.train.device_peaks import utilisation
from face_jax.train.step_timing import made_up_batch


def test_made_up_batches_have_the_shapes_and_types_of_the_data():
    spec = {
        "image": jax.ShapeDtypeStruct((4, 6, 6, 3), jnp.uint8),
        "tokens": jax.ShapeDtypeStruct((4, 5), jnp.float16),
        "label": jax.ShapeDtypeStruct((4,), jnp.int32),
        "valid": jax.ShapeDtypeStruct((4,), jnp.bool_),
    }
    batch = made_up_batch(spec)
    assert {name: (x.shape, x.dtype) for name, x in batch.items()} == {
        name: (each.shape, each.dtype) for name, each in spec.items()
    }
    assert np.ptp(batch["image"]) > 200 and np.ptp(batch["tokens"]) > 0.5
    assert not batch["label"].any() and not batch["valid"].any()


def test_utilisation_of_known_devices():
    assert utilisation(989e12, 2.0, "NVIDIA H200", 1) == pytest.approx(0.5)
    assert utilisation(8 * 197e12, 1.0, "TPU v5 lite", 16) == pytest.approx(0.5)
    assert utilisation(1e12, 1.0, "cpu", 1) is None
