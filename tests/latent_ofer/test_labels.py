import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data_pipelines.synth.expressions import CLASSES
from face_jax.latent_ofer import labels
from face_jax.latent_ofer.labels import (
    AFFECTNET_7,
    AFFECTNET_8,
    FED_RO,
    KDEF,
    LABEL_MAPS,
    RAF_DB,
    SYNTHETIC,
)


@pytest.mark.parametrize("given", LABEL_MAPS.values(), ids=LABEL_MAPS)
def test_every_data_set_names_its_classes_once(given):
    assert len(set(given.classes)) == len(given.classes)
    assert set(given.classes) >= set(labels.NAMES) - {"contempt"}
    assert set(given.classes) <= set(labels.NAMES)


def test_the_built_in_classes_are_those_of_the_generator():
    assert SYNTHETIC.classes == CLASSES


@pytest.mark.parametrize(
    ("given", "number", "name"),
    [
        (RAF_DB, 1, "surprise"),
        (RAF_DB, 7, "neutral"),
        (KDEF, 1, "anger"),
        (KDEF, 6, "surprise"),
        (AFFECTNET_7, 1, "happiness"),
        (AFFECTNET_8, 7, "contempt"),
    ],
)
def test_numbers_of_label_files(given, number, name):
    (index,) = given.from_file(np.array([number]))
    assert given.classes[index] == name
    assert given.index(name) == index


@pytest.mark.parametrize("number", [0, 8])
def test_numbers_that_a_file_cannot_have_are_refused(number):
    with pytest.raises(
        ValueError, match=f"RAF-DB: expected labels 1 to 7, got {number}"
    ):
        RAF_DB.from_file(np.array([1, number]))


def test_names_without_numbers_stay_names():
    with pytest.raises(ValueError, match="FED-RO: labels are names"):
        FED_RO.from_file(np.array([1]))
    assert FED_RO.index("Happy") == FED_RO.index("happiness")


@pytest.mark.parametrize(
    ("word", "name"), [("Angry", "anger"), ("AF", "fear"), (" Sadness ", "sadness")]
)
def test_other_words_for_an_expression(word, name):
    assert labels.expression_name(word) == name


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"expression: expected one of .*'bored'"):
        labels.expression_name("bored")
    with pytest.raises(ValueError, match=r"KDEF: expected one of .*'contempt'"):
        KDEF.index("contempt")
    with pytest.raises(ValueError, match=r"dataset: expected one of raf_db.*'fer'"):
        labels.label_map("fer")


def test_labels_go_by_name_and_back():
    every = np.arange(7)
    there = labels.convert_labels(every, RAF_DB, KDEF)
    assert [KDEF.classes[i] for i in there] == list(RAF_DB.classes)
    assert there.dtype == np.int32
    np.testing.assert_array_equal(labels.convert_labels(there, KDEF, RAF_DB), every)


def test_contempt_has_no_place_among_seven_classes():
    kept = np.array([[0, 6], [3, 3]])
    found = labels.convert_labels(kept, AFFECTNET_8, AFFECTNET_7)
    np.testing.assert_array_equal(found, kept)
    with pytest.raises(ValueError, match="RAF-DB: has no class 'contempt'"):
        labels.convert_labels(np.array([0, 7]), AFFECTNET_8, RAF_DB)


def test_labels_out_of_range_are_refused():
    with pytest.raises(ValueError, match="KDEF: expected labels 0 to 6, got -1"):
        labels.convert_labels(np.array([-1]), KDEF, RAF_DB)


def test_scores_go_by_name_also_under_jit():
    scores = jnp.arange(16.0).reshape(2, 8)
    convert = jax.jit(labels.convert_scores, static_argnums=(1, 2))
    found = convert(scores, AFFECTNET_8, RAF_DB)
    for column, name in enumerate(RAF_DB.classes):
        expected = scores[:, AFFECTNET_8.index(name)]
        np.testing.assert_array_equal(found[:, column], expected)


def test_scores_of_other_networks_are_refused():
    with pytest.raises(ValueError, match=r"scores: expected .*8.* AffectNet-8"):
        labels.convert_scores(np.zeros((2, 7)), AFFECTNET_8, RAF_DB)
    with pytest.raises(ValueError, match=r"RAF-DB: expected one of .*'contempt'"):
        labels.convert_scores(np.zeros((2, 7)), RAF_DB, AFFECTNET_8)
