import numpy as np
import pytest

from face_jax.convert import engine
from face_jax.convert.engine import ConversionError

ROOT = ("net", "params")


@pytest.fixture
def table():
    return {
        **engine.conv("net.features.0", (*ROOT, "conv")),
        **engine.batch_norm("net.features.1", (*ROOT, "norm")),
        **engine.dense("net.classifier", (*ROOT, "out"), bias=False),
    }


@pytest.fixture
def weights():
    rng = np.random.default_rng(0)
    shapes = {
        "net.features.0.weight": (4, 3, 2, 2),
        "net.features.0.bias": (4,),
        "net.features.1.weight": (4,),
        "net.features.1.bias": (4,),
        "net.features.1.running_mean": (4,),
        "net.features.1.running_var": (4,),
        "net.classifier.weight": (6, 4),
    }
    return {k: rng.normal(size=v).astype(np.float32) for k, v in shapes.items()}


@pytest.fixture
def target(weights, table):
    leaves = {
        entry.path: entry.layout.to_flax(weights[name]) for name, entry in table.items()
    }
    return engine.unflatten(leaves)


def test_everything_finds_its_place(weights, table, target):
    variables = engine.to_variables(weights, table, target)
    assert set(variables["net"]) == {"params", "batch_stats"}
    np.testing.assert_array_equal(
        variables["net"]["params"]["out"]["kernel"], weights["net.classifier.weight"].T
    )
    np.testing.assert_array_equal(
        variables["net"]["batch_stats"]["norm"]["var"],
        weights["net.features.1.running_var"],
    )


def test_conversion_and_back_is_the_identity(weights, table, target):
    variables = engine.to_variables(weights, table, target)
    back = engine.to_published(variables, table)
    assert set(back) == set(weights)
    for name, array in weights.items():
        np.testing.assert_array_equal(back[name], array)


def test_a_misspelt_name_is_named_with_its_nearest(weights, table, target):
    weights["net.feature.0.bias"] = weights.pop("net.features.0.bias")
    with pytest.raises(ConversionError) as error:
        engine.to_variables(weights, table, target)
    missing, unknown = error.value.problems
    assert missing.startswith("missing net.features.0.bias; nearest")
    assert "net.feature.0.bias" in missing
    assert unknown.startswith("unknown net.feature.0.bias; nearest")


def test_a_leftover_is_an_error_unless_it_is_ignored(weights, table, target):
    weights["net.features.1.num_batches_tracked"] = np.array(7)
    with pytest.raises(ConversionError, match=r"unknown net\.features\.1\.num_batches"):
        engine.to_variables(weights, table, target)
    engine.to_variables(weights, table, target, [r".*\.num_batches_tracked"])


def test_ignoring_does_not_reach_inside_names(weights, table, target):
    weights["net.bias.more"] = np.zeros(1)
    with pytest.raises(ConversionError, match=r"net\.bias\.more"):
        engine.to_variables(weights, table, target, [r"bias", r"net\.bias"])


def test_a_whole_missing_or_foreign_network_is_one_line(weights, table, target):
    foreign = {name.replace("net.", "other."): x for name, x in weights.items()}
    with pytest.raises(ConversionError) as error:
        engine.to_variables(foreign, table, target)
    missing, unknown = error.value.problems
    assert "missing network 'net' (7 arrays)" in missing
    assert "unknown network 'other' (7 arrays)" in unknown


def test_a_message_lists_the_first_problems():
    error = ConversionError([f"problem {n}" for n in range(30)])
    assert len(error.problems) == 30
    lines = str(error).splitlines()
    assert len(lines) == 14 and lines[-1].strip() == "and 18 more"


@pytest.mark.parametrize("shape", [(6, 5), (4, 6), (6, 4, 1)])
def test_a_wrong_shape_says_both_shapes(weights, table, target, shape):
    weights["net.classifier.weight"] = np.zeros(shape)
    with pytest.raises(ConversionError) as error:
        engine.to_variables(weights, table, target)
    (problem,) = error.value.problems
    assert "net.classifier.weight" in problem
    assert "[4, 6]" in problem
    assert str(list(shape)) in problem


def test_a_variable_without_a_name_is_an_error(weights, table, target):
    target["net"]["params"]["outer"] = {"kernel": np.zeros((4, 6))}
    with pytest.raises(
        ConversionError, match="variable net/params/outer/kernel has no"
    ):
        engine.to_variables(weights, table, target)
    with pytest.raises(ConversionError, match="nearest on the other side: net/params/"):
        engine.to_published(target, table)


def test_a_name_without_a_variable_is_an_error(weights, table, target):
    del target["net"]["params"]["conv"]
    with pytest.raises(ConversionError, match="net/params/conv/kernel does not exist"):
        engine.to_variables(weights, table, target)


def test_arrays_become_float32(weights, table, target):
    halves = {name: array.astype(np.float16) for name, array in weights.items()}
    variables = engine.to_variables(halves, table, target)
    leaves = engine.flatten(variables).values()
    assert {leaf.dtype for leaf in leaves} == {np.dtype(np.float32)}
