import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from face_jax.train import partitioning


def mesh(*sizes):
    return partitioning.make_mesh(*sizes)


def test_one_size_may_be_left_open():
    assert dict(mesh(-1, 2, 2).shape) == {"data": 2, "fsdp": 2, "tensor": 2}
    assert dict(mesh(2, -1, 1).shape) == {"data": 2, "fsdp": 4, "tensor": 1}


@pytest.mark.parametrize("sizes", [(3, 1, 1), (-1, -1, 1), (-1, 3, 1), (8, 2, 1)])
def test_sizes_that_do_not_use_all_devices_are_refused(sizes):
    with pytest.raises(ValueError, match="the 8 devices of this run"):
        mesh(*sizes)


def test_the_first_rule_decides_then_the_size():
    tree = {
        "attention": {"kernel": jnp.zeros((16, 32))},
        "large": jnp.zeros((512, 2048)),
        "small": jnp.zeros((512, 204)),
        "step": jnp.int32(0),
    }
    rules = ((".*/kernel", P(None, "tensor")), ("attention/.*", P("data")))
    placed = partitioning.place(tree, mesh(2, 2, 2), rules, fsdp_min_bytes=1 << 20)
    specs = jax.tree.map(lambda s: s.spec, placed.shardings)
    assert specs["attention"]["kernel"] == P(None, "tensor")
    assert specs["large"] == P(None, "fsdp")
    assert specs["small"] == P()
    assert specs["step"] == P()
    assert placed.notes == ("partition rule 'attention/.*' matches nothing",)


def test_an_axis_that_does_not_divide_is_dropped_and_said():
    tree = {"kernel": jnp.zeros((15, 32))}
    placed = partitioning.place(tree, mesh(2, 2, 2), (("kernel", P("fsdp", "tensor")),))
    assert placed.shardings["kernel"].spec == P(None, "tensor")
    assert placed.notes == ("kernel: dimension 15 is not divisible by fsdp=2",)


def test_windows_of_convolutions_stay_whole():
    tree = {
        "many_rows": jnp.zeros((8, 8, 2, 6)),
        "odd_channels": jnp.zeros((8, 8, 3, 5)),
    }
    specs = partitioning.place(tree, mesh(2, 2, 2), fsdp_min_bytes=0).shardings
    assert specs["many_rows"].spec == P(None, None, None, "fsdp")
    assert specs["odd_channels"].spec == P()


def test_moments_follow_their_parameters():
    import optax

    params = {"encoder": {"kernel": jnp.zeros((8, 8))}}
    tree = {"params": params, "opt_state": optax.adam(1e-3).init(params)}
    rules = ((".*encoder/kernel", P("tensor")),)
    placed = partitioning.place(tree, mesh(2, 2, 2), rules)
    moments = placed.shardings["opt_state"][0]
    assert moments.mu["encoder"]["kernel"].spec == P("tensor")
    assert moments.nu["encoder"]["kernel"].spec == P("tensor")


def test_a_batch_must_divide_shards_and_micro_batches():
    partitioning.check_batch_size(16, 2, mesh(2, 4, 1))
    with pytest.raises(ValueError, match=r"= 12 .* data x fsdp = 8"):
        partitioning.check_batch_size(12, 1, mesh(2, 4, 1))


def test_paths_read_like_folders():
    paths = [
        partitioning.slash_path(path)
        for path, _ in jax.tree_util.tree_leaves_with_path(
            {"a": [np.zeros(1), {"b": 1}]}
        )
    ]
    assert paths == ["a/0", "a/1/b"]
