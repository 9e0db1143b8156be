import jax.numpy as jnp
import pytest

from face_jax.losses.weighting import weighted_sum


def test_only_weighted_terms_count():
    terms = {"one": jnp.float32(2), "other": jnp.float32(jnp.nan), "third": 3.0}
    total = weighted_sum(terms, {"one": 10.0, "other": 0.0, "third": 0.5})
    assert total == 21.5
    assert weighted_sum(terms, {}) == 0
    unknown = {"one": 1.0, "jaw": 1.0, "two": 0.0}
    with pytest.raises(ValueError, match="only one, other, third, got jaw as well"):
        weighted_sum(terms, unknown)
