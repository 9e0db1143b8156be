"""Items of pictures with stored latents."""

import dataclasses

import numpy as np
import pytest

import data_pipelines
from data_pipelines.items.latents import LatentItems
from data_pipelines.sources.latents import LatentFiles, write_latents
from tests.data_pipelines.sources.small_latents import (
    GRID,
    KINDS,
    SIZE,
    WIDTH,
    small_latents,
)

TRAIN = LatentItems(SIZE, GRID, WIDTH)
PLAIN = dataclasses.replace(TRAIN, mode="plain")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("latents") / "latents"
    write_latents(path, small_latents(), KINDS)
    return LatentFiles(path)


def sample(recipe, source, index=0, seed=0):
    return recipe.sample(source, index, np.random.default_rng(seed))


def shapes(item):
    return {name: (array.shape, array.dtype) for name, array in item.items()}


def test_items_have_the_stated_shapes(source):
    for recipe in (TRAIN, PLAIN):
        assert shapes(sample(recipe, source)) == dict(recipe.element_spec())
    item = PLAIN.evaluation_item(source, 2, np.random.default_rng())
    assert shapes(item) == dict(PLAIN.element_spec(evaluation=True))


def test_plain_items_are_as_stored(source):
    arrays = small_latents()
    assert list(PLAIN.evaluation_records(source)) == list(range(6))
    for row in range(6):
        item = PLAIN.evaluation_item(source, row, np.random.default_rng())
        np.testing.assert_array_equal(item["image"], arrays["images"][row])
        np.testing.assert_array_equal(item["tokens"], arrays["tokens"][row])
        np.testing.assert_array_equal(item["relevance"], arrays["relevance"][row])
        assert item["label"] == arrays["labels"][row]
        assert (item["item_id"], item["identity"]) == (row, 10 + row)
        assert item["occluder"] == row % 3
        training = sample(PLAIN, source, row)
        np.testing.assert_array_equal(training["image"], item["image"])


def test_training_changes_pictures_and_their_latents_together(source):
    flips = erased = 0
    stored = small_latents()
    for seed in range(40):
        item = sample(TRAIN, source, 1, seed)
        again = sample(TRAIN, source, 1, seed)
        assert all(np.array_equal(item[name], again[name]) for name in item)
        flip = not np.array_equal(item["tokens"], stored["tokens"][1])
        shown = stored["images"][1][:, ::-1] if flip else stored["images"][1]
        np.testing.assert_array_equal(item["image"], shown)
        flips, erased = flips + flip, erased + item["erased"].any()
    assert 10 < flips < 30 and 10 < erased < 30


def test_published_flips_leave_the_tokens(source):
    recipe = dataclasses.replace(TRAIN, flip_tokens=False, flip_probability=1.0)
    item = sample(recipe, source, 1)
    np.testing.assert_array_equal(item["tokens"], small_latents()["tokens"][1])


def test_colours_are_drawn_on_request(source):
    plain = dataclasses.replace(TRAIN, erasing_probability=0.0, flip_probability=0.0)
    recipe = dataclasses.replace(plain, color_changes=True)
    stored = small_latents()
    changed = 0
    for seed in range(20):
        still = sample(plain, source, 1, seed)
        np.testing.assert_array_equal(still["image"], stored["images"][1])
        item = sample(recipe, source, 1, seed)
        assert item.keys() - still.keys() == {"color_curve", "color_shifts"}
        np.testing.assert_array_equal(item["tokens"], stored["tokens"][1])
        np.testing.assert_array_equal(item["image"], still["image"])
        changed += bool(item["color_shifts"].any())
    assert 0 < changed < 20
    assert shapes(item) == dict(recipe.element_spec())


def test_classes_are_balanced_on_request(source):
    recipe = dataclasses.replace(PLAIN, class_balanced=True)
    assert recipe.num_records(source) == 6
    ids = [int(sample(recipe, source, 0, seed)["item_id"]) for seed in range(200)]
    # Labels are -1, -1, 0, 0, 1, 1.
    assert set(ids) == {2, 3, 4, 5} and 60 < np.sum(np.array(ids) > 3) < 140


def test_streams(source):
    config = {
        "item": "latent_item",
        "latent_item": {"size": SIZE, "grid": GRID, "width": WIDTH},
        "source": "latents",
        "latents": {"path": str(source.path)},
    }
    spec = data_pipelines.element_spec(config, 4)
    stream = data_pipelines.build(config, seed=0, batch_size=4)
    batches = [next(stream) for _ in range(3)]
    assert shapes(batches[0]) == dict(spec)
    ids = np.concatenate([batch["item_id"] for batch in batches])
    assert sorted(ids.tolist()) == sorted([*range(6), *range(6)])
    config["latent_item"] |= {"mode": "plain"}
    rows = list(data_pipelines.build_evaluation(config, 4))
    assert np.concatenate([batch["mask"] for batch in rows]).tolist() == [1] * 6 + [
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 16}, "size: expected 8 as in .*, got 16"),
        ({"grid": 7}, "grid: expected 2 as in .*, got 7"),
        ({"width": 512}, "width: expected 3 as in .*, got 512"),
    ],
)
def test_other_shapes_than_those_of_the_files(source, changes, message):
    recipe = dataclasses.replace(PLAIN, **changes)
    for ask in (recipe.num_records, recipe.evaluation_records):
        with pytest.raises(ValueError, match=message):
            ask(source)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "test"}, "mode: expected one of train, plain, got 'test'"),
        ({"grid": 0}, "grid: expected at least 1"),
        ({"flip_probability": 2}, "flip_probability: expected 0 to 1"),
    ],
)
def test_bad_settings(changes, message):
    with pytest.raises(ValueError, match=message):
        LatentItems(**changes)


def test_evaluation_in_training_mode(source):
    with pytest.raises(ValueError, match="mode: expected plain for evaluation"):
        TRAIN.evaluation_records(source)
