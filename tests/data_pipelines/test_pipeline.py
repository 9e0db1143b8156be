"""Streams: the same batches whatever makes them."""

import itertools
import time

import ml_collections
import numpy as np
import pytest

import data_pipelines
from data_pipelines import pipeline
from data_pipelines.items.fsrt import FsrtItems
from tests.data_pipelines.items.memory_clips import MemoryClips
from tests.data_pipelines.sources.small_clips import write_clip, write_landmarks

FSRT_ITEM = {"num_sources": 1, "num_driving": 2, "size": 16}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five clips of three persons, one of them broken, with landmarks."""
    path = tmp_path_factory.mktemp("clips")
    for number, name in enumerate(("a#0#0#1", "a#1#0#1", "b#0#0#1", "c")):
        write_clip(path / f"{name}.mp4", number)
        write_landmarks(path / f"{name}.npz")
    (path / "a#2#0#1.mp4").write_bytes(b"not a video")
    return path


@pytest.fixture
def config(folder):
    return {
        "item": "fsrt_item",
        "source": "clips",
        "clips": {"path": str(folder), "landmarks": str(folder)},
        "fsrt_item": FSRT_ITEM,
    }


@pytest.fixture
def memory(monkeypatch):
    """A configuration of clips in memory; its block takes their settings."""
    monkeypatch.setitem(pipeline.SOURCES, "memory", MemoryClips)
    return {"item": "fsrt_item", "source": "memory", "fsrt_item": FSRT_ITEM}


def take(config, count, **keywords):
    keywords = {"seed": 3, "batch_size": 4} | keywords
    stream = data_pipelines.build(config, **keywords)
    batches = list(itertools.islice(stream, count))
    stream.close()
    return batches


def assert_equal(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def joined(shares):
    """The global batch: rows of all processes, in their order."""
    return {name: np.concatenate([s[name] for s in shares]) for name in shares[0]}


def test_any_number_of_workers(config):
    alone = take(config, 3)
    assert_equal(take(config, 3), alone)
    assert_equal(take(config, 3, num_workers=2), alone)


def test_any_number_of_processes(config):
    expected = take(config, 3)
    for count in (2, 4):
        shares = [
            take(config, 3, process_index=index, process_count=count)
            for index in range(count)
        ]
        assert_equal([joined(step) for step in zip(*shares, strict=True)], expected)


@pytest.mark.parametrize("process_count", [1, 2])
def test_resume_at_any_step(memory, process_count):
    split = {"process_index": process_count - 1, "process_count": process_count}
    whole = take(memory, 7, **split)
    for start in (1, 5):
        resumed = take(memory, 7 - start, start_step=start, **split)
        assert_equal(resumed, whole[start:])


def test_resume_with_other_processes(memory):
    whole = take(memory, 5)
    shares = [
        take(memory, 2, start_step=3, process_index=index, process_count=2)
        for index in range(2)
    ]
    assert_equal([joined(step) for step in zip(*shares, strict=True)], whole[3:])


def test_every_epoch_shows_every_person_once_and_is_new(memory):
    batches = take(memory, 6, batch_size=3)
    persons = np.stack([batch["item_id"] // 2 for batch in batches])
    assert (np.sort(persons, axis=1) == [0, 1, 2]).all()
    assert len(np.unique(persons, axis=0)) > 1
    pictures = [batch["driving_images"][0].tobytes() for batch in batches]
    assert len(set(pictures)) == len(pictures)


def test_one_clip_is_enough(memory):
    memory["memory"] = {"num_identities": 1}
    batches = take(memory, 3)
    factors = np.concatenate([batch["color_factors"][:, 0, 0] for batch in batches])
    assert len(np.unique(factors)) == 12


def test_seeds_differ(memory):
    first, second = take(memory, 1)[0], take(memory, 1, seed=4)[0]
    assert not np.array_equal(first["color_factors"], second["color_factors"])


def test_broken_files_are_left_out(config, caplog):
    batches = take(config, 12)
    # Rows: a#0, a#1, a#2 (broken), b, c.
    assert {int(row) for batch in batches for row in batch["item_id"]} == {0, 1, 3, 4}
    messages = [record.getMessage() for record in caplog.records]
    assert len([m for m in messages if "a#2#0#1.mp4: not a readable" in m]) == 1


def test_all_files_broken(tmp_path, config):
    (tmp_path / "a.mp4").write_bytes(b"not a video")
    config["clips"] = {"path": str(tmp_path)}
    with pytest.raises(ValueError, match=r"no item can be made: 1 clips .*a\.mp4"):
        take(config, 1)


@pytest.mark.parametrize("wrap", [dict, ml_collections.ConfigDict])
def test_element_spec_needs_no_files(config, wrap):
    spec = data_pipelines.element_spec(wrap(config), 4)
    config["clips"] = {"path": "/does/not/exist"}
    assert data_pipelines.element_spec(wrap(config), 4) == spec


def test_batches_have_the_stated_shapes(config):
    spec = data_pipelines.element_spec(config, 4)
    (batch,) = take(ml_collections.ConfigDict(config), 1)
    assert {n: (a.shape, a.dtype) for n, a in batch.items()} == dict(spec)


def evaluate(config, batch_size=4, **keywords):
    return list(data_pipelines.build_evaluation(config, batch_size, **keywords))


def test_evaluation_counts_every_item_once(memory):
    memory["fsrt_item"] = FSRT_ITEM | {"mode": "plain", "frame_selection": "tail"}
    memory["memory"] = {"num_identities": 1, "num_frames": 25}
    batches = evaluate(memory)  # two clips of 5 frames in 3 batches of 4
    assert len(batches) == 3
    rows = joined(batches)
    assert rows["mask"].tolist() == [1] * 10 + [0] * 2
    assert rows["mask"].dtype == np.float32
    assert rows["driving_frame"][:10, 0].tolist() == [*range(20, 25)] * 2
    assert rows["item_id"][:10].tolist() == [0] * 5 + [1] * 5
    spec = data_pipelines.element_spec(memory, 4, evaluation=True)
    assert {n: (a.shape, a.dtype) for n, a in batches[0].items()} == dict(spec)


@pytest.mark.parametrize("mode", ["plain", "validation"])
def test_evaluation_repeats_itself_on_any_processes(memory, mode):
    memory["fsrt_item"] = FSRT_ITEM | {"mode": mode}
    stream = data_pipelines.build_evaluation(memory, 4)
    expected = list(stream)
    assert_equal(list(stream), expected)
    shares = [evaluate(memory, process_index=i, process_count=2) for i in range(2)]
    assert_equal([joined(step) for step in zip(*shares, strict=True)], expected)


def test_undecodable_evaluation_items_do_not_count(memory):
    memory["fsrt_item"] = FSRT_ITEM | {"mode": "plain", "frame_selection": "tail"}
    memory["memory"] = {"num_identities": 1, "damaged": ((0, 17),)}
    rows = joined(evaluate(memory))
    assert rows["mask"].tolist() == [1, 0, 1, 1, 1, 1, 1, 1]
    assert not rows["driving_images"][1].any()


def mixed(memory):
    return {
        "item": "fsrt_item",
        "fsrt_item": FSRT_ITEM,
        "mixture": {
            "many": {"weight": 3, "source": "memory", "memory": {"num_identities": 4}},
            "few": {"weight": 1, "source": "memory", "memory": {"num_identities": 1}},
        },
    }


def test_mixture_keeps_to_its_weights(memory):
    rows = joined(take(mixed(memory), 10))
    # In the order of the names: few has clips 0 and 1, many has clips 2 to 9.
    few = rows["item_id"] < 2
    assert few.sum() == 10 and rows["item_id"].max() == 9
    shares = few.reshape(10, 4).sum(axis=1)
    assert (shares == 1).all()


def test_mixture_resumes_and_splits(memory):
    config = mixed(memory)
    whole = take(config, 5)
    assert_equal(take(config, 3, start_step=2), whole[2:])
    shares = [take(config, 5, process_index=i, process_count=2) for i in range(2)]
    assert_equal([joined(step) for step in zip(*shares, strict=True)], whole)


def test_equal_sources_of_a_mixture_differ(memory):
    config = mixed(memory)
    config["mixture"] = {n: {"source": "memory"} for n in ("one", "two")}
    rows = joined(take(config, 4))
    first = rows["item_id"] < 6
    factors = rows["color_factors"][:, 0]
    assert not np.isin(factors[first], factors[~first]).any()


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"batch_size": 6, "process_count": 4}, "multiple of the 4 processes, got 6"),
        ({"batch_size": 0}, "batch_size: expected a multiple"),
        ({"process_index": 2, "process_count": 2}, "process_index: expected 0 to 1"),
        ({"start_step": -1}, "start_step: expected 0 or more"),
    ],
)
def test_bad_numbers(memory, keywords, message):
    with pytest.raises(ValueError, match=message):
        take(memory, 1, **keywords)


def test_evaluation_takes_no_mixture(memory):
    with pytest.raises(ValueError, match="expected source, got a mixture"):
        evaluate(mixed(memory))
    with pytest.raises(ValueError, match="expected a name, got a mixture"):
        data_pipelines.build_source(mixed(memory))


def test_another_kind_of_item_is_one_line(memory, monkeypatch):
    class Numbers:
        """Items that are their number and a random draw."""

        def element_spec(self, evaluation=False):
            return {"number": pipeline.ArraySpec((), np.dtype(np.int64))}

        def num_records(self, source):
            return len(source)

        def sample(self, source, index, rng):
            item_id = np.array(0, np.int32)
            return {"number": np.array(index), "item_id": item_id}

    monkeypatch.setitem(pipeline.ITEMS, "numbers", Numbers)
    config = {"item": "numbers", "source": "memory"}
    rows = joined(take(config, 3, batch_size=2))
    assert np.sort(rows["number"]).tolist() == list(range(6))


def test_fast_enough_for_small_models():
    """A step of the 64 px model takes 80 ms; its items must not be what it waits for."""
    clips = MemoryClips(num_identities=1)
    frames = {n: clips.frame(0, n) for n in range(20)}
    clips.frames = lambda row, indices: [frames[n] for n in indices]
    recipe = FsrtItems(num_sources=2, num_driving=8, size=64)
    recipe.sample(clips, 0, np.random.default_rng(0))
    start = time.process_time()
    for seed in range(50):
        recipe.sample(clips, 0, np.random.default_rng(seed))
    assert (time.process_time() - start) / 50 < 1 / 150
