import numpy as np
import pytest

from face_jax.convert.engine import ConversionError, to_published, to_variables
from face_jax.latent_ofer.recognizer_table import (
    CLASSIFIER,
    IGNORED,
    expression_table,
    recognizer_table,
    trunk_table,
)
from face_jax.nn.basic_resnet import BasicResNet
from tests.convert.trees import assert_trees_equal
from tests.filled import fill
from tests.latent_ofer.small_networks import EXPRESSION, RECOGNIZER, latents, pictures


def test_expression_networks_there_and_back():
    variables = {"judge": fill(EXPRESSION, pictures())}
    table = expression_table(variables["judge"], "judge", published="FER.")
    published = to_published(variables, table)
    assert published["FER.cat_head1.sa.conv_1x3.0.weight"].shape == (6, 3, 1, 3)
    assert published["FER.cat_head0.ca.attention.3.weight"].shape == (6, 2)
    assert published["FER.features.5.0.downsample.0.weight"].shape == (6, 3, 1, 1)
    assert_trees_equal(to_variables(published, table, variables), variables)


def test_the_recogniser_there_and_back():
    variables = {"recognizer": fill(RECOGNIZER, pictures(), latents())}
    table = recognizer_table(variables["recognizer"], "recognizer")
    published = to_published(variables, table)
    assert published["hh_layer.weight"].shape == (8, 12)
    assert published["batch_norm1.running_var"].shape == (4,)
    assert published["fc4.weight"].shape == (5, 3)
    assert_trees_equal(to_variables(published, table, variables), variables)


def test_a_trunk_starts_from_a_classifier():
    variables = {"trunk": fill(BasicResNet(depths=(1, 2), width=2), pictures())}
    table = trunk_table(variables["trunk"], "trunk")
    published = to_published(variables, table)
    assert published["layer2.1.conv2.weight"].shape == (4, 4, 3, 3)
    published |= {
        "fc.weight": np.zeros((9, 4)),
        "fc.bias": np.zeros(9),
        "bn1.num_batches_tracked": np.zeros((), np.int64),
    }
    found = to_variables(published, table, variables, CLASSIFIER)
    assert_trees_equal(found, variables)
    with pytest.raises(ConversionError, match=r"unknown network 'fc'"):
        to_variables(published, table, variables, IGNORED)
