import json

import jax
import jax.numpy as jnp

from face_jax.cli.conditions import conditions, digest_of_weights
from face_jax.train import partitioning
from face_jax.versions import versions

WEIGHTS = {"network": {"kernel": jnp.arange(16.0).reshape(8, 2), "bias": jnp.ones(2)}}
DATA = {"source": "clips", "clips": {"size": (64, 64), "path": None}}


def measured(variables=WEIGHTS, items=("a", "b")):
    return conditions("runs/x", variables, DATA, items, {"psnr": "dB"})


def test_all_is_there_and_is_json(tmp_path):
    found = measured()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["data"] == {
        "source": "clips",
        "clips": {"size": [64, 64], "path": None},
    }
    assert found["items"] == 2 and found["color_order"] == "RGB"
    assert {"face_jax", "python", "jax", "numpy"} <= set(versions())


def test_what_changes_scores_changes_hashes():
    first = measured()
    assert measured()["weights"] == first["weights"]
    bias = {"network": {**WEIGHTS["network"], "bias": jnp.array([1.0, 1.0 + 1e-7])}}
    assert measured(bias)["weights"] != first["weights"]
    assert measured(items=("b", "a"))["items_hash"] != first["items_hash"]


def test_weights_on_many_devices_have_the_same_hash():
    sharding = partitioning.batch_sharding(partitioning.make_mesh(data=8))
    kernel = jax.device_put(WEIGHTS["network"]["kernel"], sharding)
    spread = {"network": {**WEIGHTS["network"], "kernel": kernel}}
    assert digest_of_weights(spread) == digest_of_weights(WEIGHTS)
