import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from face_jax.train.digests import digests
from face_jax.train.partitioning import make_mesh


def tree():
    random = np.random.default_rng(0)
    return {
        "weights": random.standard_normal((16, 24), np.float32),
        "half": jnp.asarray(random.standard_normal(33), jnp.bfloat16),
        "counts": np.arange(7, dtype=np.int32),
        "flags": np.array([True, False]),
        "scalar": np.float32(0.5),
    }


def changed(found, expected):
    new = digests(found)
    return [path for path in expected if new[path] != expected[path]]


def test_any_flipped_bit_changes_the_digest_of_its_array_alone():
    clean, random = tree(), np.random.default_rng(1)
    expected = digests(clean)
    for _ in range(40):
        broken = {**clean, "weights": clean["weights"].copy()}
        bits = broken["weights"].reshape(-1).view(np.uint32)
        bits[random.integers(bits.size)] ^= np.uint32(1) << np.uint32(
            random.integers(32)
        )
        assert changed(broken, expected) == ["weights"]


def test_swapped_entries_change_the_digest():
    clean = tree()
    swapped = {**clean, "weights": clean["weights"][::-1]}
    assert changed(swapped, digests(clean)) == ["weights"]


@pytest.mark.parametrize("spec", [("data",), (None, "data"), ("data", "fsdp")])
def test_sharding_does_not_matter(spec):
    clean = tree()
    mesh = make_mesh(4, 2, 1)
    place = NamedSharding(mesh, PartitionSpec(*spec))
    sharded = {**clean, "weights": jax.device_put(clean["weights"], place)}
    assert digests(sharded) == digests(clean)
