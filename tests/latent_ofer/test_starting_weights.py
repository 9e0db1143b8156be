"""Weights from runs, from files of published names, and at random."""

import functools

import jax
import numpy as np
import pytest

from face_jax.convert.engine import to_published
from face_jax.convert.torchvision import vgg_table
from face_jax.latent_ofer.expression_task import load_expression
from face_jax.latent_ofer.mae_table import masked_autoencoder_table
from face_jax.latent_ofer.mae_task import load_autoencoder
from face_jax.latent_ofer.perception import feature_network
from face_jax.latent_ofer.recognizer_table import expression_table
from face_jax.latent_ofer.starting_weights import load_vgg16
from tests.convert.trees import assert_trees_equal
from tests.filled import fill
from tests.latent_ofer.small_tasks import (
    EXPRESSION_SIDE,
    detector_task,
    expression_task,
    mae_task,
    random_batch,
    save_run,
    variables_of,
)

load_eyes = functools.partial(load_autoencoder, "autoencoder")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A detector's run: it holds the autoencoder that it saw through."""
    folder = tmp_path_factory.mktemp("run")
    return save_run(folder, "detector", detector_task(), random_batch())


def test_a_network_comes_from_any_run_that_has_it(run):
    found = load_eyes(str(run), mae_task().module)
    expected = variables_of(detector_task(), random_batch())["autoencoder"]
    assert_trees_equal(found, expected)


def test_runs_without_the_network_are_told(run):
    module = expression_task().module
    message = (
        r"task\.expression_weights: expected a run with a network 'expression', "
        r".* has autoencoder, embedding, kernel_sphere, sphere"
    )
    with pytest.raises(ValueError, match=message):
        load_expression("expression_weights", str(run), module, EXPRESSION_SIDE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"width": 8},
            r"positions is of shape \[17, 12\], expected of shape \[17, 8\]",
        ),
        ({"depth": 2}, r"params\.blocks_1 is absent, expected a group of arrays"),
    ],
)
def test_other_sizes_are_told_with_the_place(run, changes, message):
    module = mae_task().module.clone(**changes)
    with pytest.raises(
        ValueError, match=rf"task\.autoencoder: autoencoder of .*{message}"
    ):
        load_eyes(str(run), module)


def test_published_names_give_the_same_back(tmp_path):
    path, counter = tmp_path / "weights.npz", np.zeros(())
    eyes = {"autoencoder": variables_of(mae_task(), random_batch())["autoencoder"]}
    table = masked_autoencoder_table(eyes["autoencoder"], "autoencoder")
    np.savez(path, **to_published(eyes, table))
    assert_trees_equal(load_eyes(str(path), mae_task().module), eyes["autoencoder"])
    task = expression_task()
    judge = {"expression": variables_of(task, random_batch())["expression"]}
    table = expression_table(judge["expression"], "expression")
    arrays = to_published(judge, table)
    np.savez(path, **arrays, **{"bn.num_batches_tracked": counter})
    given = (str(path), task.module, EXPRESSION_SIDE)
    found = load_expression("expression_weights", *given)
    assert_trees_equal(found, judge["expression"])
    with pytest.raises(ValueError, match="weights do not fit"):
        load_eyes(str(path), mae_task().module)


def test_vgg16_may_come_with_the_rest_of_torchvisions(tmp_path):
    path, picture = tmp_path / "vgg16.npz", np.zeros((1, 32, 32, 3), np.float32)
    expected = {"vgg16": fill(feature_network(), picture)}
    params = expected["vgg16"]["params"]
    arrays = to_published(expected, vgg_table("vgg16", params, ("vgg16", "params")))
    rest = ("features.24.weight", "features.28.bias", "classifier.6.weight")
    for more in ((), rest):
        np.savez(path, **arrays, **dict.fromkeys(more, np.zeros(1)))
        assert_trees_equal(load_vgg16("vgg16_weights", str(path)), expected["vgg16"])
    np.savez(path, **arrays, **{"features.30.weight": np.zeros(1)})
    with pytest.raises(ValueError, match=r"unknown features\.30\.weight"):
        load_vgg16("vgg16_weights", str(path))


def test_random_weights_are_host_arrays_of_the_right_shapes():
    found = load_eyes("random", mae_task().module)
    shapes = variables_of(mae_task(), random_batch())["autoencoder"]
    assert jax.tree.map(np.shape, found) == jax.tree.map(np.shape, shapes)
    assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(found))


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npz: no such file"):
        load_eyes("nowhere.npz", mae_task().module)
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        load_eyes(str(tmp_path), mae_task().module)
