"""Streams of SMIRK's items: the same batches whatever makes them."""

import itertools

import numpy as np
import pytest

import data_pipelines
from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.video import write_image
from tests.data_pipelines.items.memory_faces import HEIGHT, WIDTH, landmarks, picture
from tests.data_pipelines.sources.small_faces import PARAMETERS, write_faces

TRUTH = {"shape_params": PARAMETERS["shape_params"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Synthetic pictures, and three photographs with 68 landmarks, one of them broken."""
    path = tmp_path_factory.mktemp("faces")
    write_faces(path / "synthetic")
    photographs = path / "photographs"
    photographs.mkdir()
    for number in range(3):
        write_image(photographs / f"{number}.png", picture(number, 0))
        points = landmarks(number, 0)[None]
        save_landmarks(photographs / f"{number}.npz", points, [0], (WIDTH, HEIGHT))
    (photographs / "1.png").write_bytes(b"no picture")
    return path


def synthetic(folder, **item):
    return {
        "item": "smirk_item",
        "smirk_item": {"size": 32, "truth": TRUTH} | item,
        "source": "synthetic_images",
        "synthetic_images": {"path": str(folder / "synthetic")},
    }


def mixed(folder):
    config = synthetic(folder)
    parts = {
        "made": {
            "weight": 3,
            "source": config.pop("source"),
            "synthetic_images": config.pop("synthetic_images"),
        },
        "seen": {
            "weight": 1,
            "source": "faces",
            "faces": {"path": str(folder / "photographs")},
        },
    }
    return config | {"mixture": parts}


def take(config, count, **keywords):
    stream = data_pipelines.build(config, **({"seed": 3, "batch_size": 8} | keywords))
    batches = list(itertools.islice(stream, count))
    stream.close()
    return batches


def joined(batches):
    return {name: np.concatenate([b[name] for b in batches]) for name in batches[0]}


def assert_equal(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_any_number_of_workers_and_processes(folder):
    config = mixed(folder)
    alone = take(config, 3)
    assert_equal(take(config, 3, num_workers=2), alone)
    shares = [take(config, 3, process_index=n, process_count=2) for n in range(2)]
    assert_equal([joined(step) for step in zip(*shares, strict=True)], alone)
    assert_equal(take(config, 1, start_step=2), alone[2:])


def test_seeds_change_crops_and_colours(folder):
    one, other = (take(synthetic(folder), 1, seed=seed)[0] for seed in (3, 4))
    assert not np.array_equal(one["image"], other["image"])
    assert not np.array_equal(one["landmarks_68"], other["landmarks_68"])


def test_batches_have_the_stated_shapes(folder):
    for config in (synthetic(folder, recognition_image=True), mixed(folder)):
        spec = data_pipelines.element_spec(config, 8)
        (batch,) = take(config, 1)
        assert {n: (a.shape, a.dtype) for n, a in batch.items()} == dict(spec)


def test_mixtures_keep_to_their_weights_and_flag_what_is_known(folder):
    batches = take(mixed(folder), 5)
    rows = joined(batches)
    made = rows["has_truth"]
    assert all(batch["has_truth"].sum() == 6 for batch in batches)
    np.testing.assert_array_equal(rows["has_landmarks_mediapipe"], made)
    assert rows["has_landmarks_68"].all()
    assert rows["shape_params"][made].any(axis=1).all()
    assert not rows["shape_params"][~made].any()
    # 50 synthetic pictures for training, then three photographs without the broken one.
    assert rows["item_id"][made].max() < 50
    assert set(rows["item_id"][~made].tolist()) == {50, 52}


def test_an_epoch_shows_every_picture_once(folder):
    batches = take(synthetic(folder), 2, batch_size=25)
    assert sorted(joined(batches)["item_id"].tolist()) == list(range(50))


def test_evaluation_is_plain_and_complete(folder):
    config = synthetic(folder, mode="plain", truth={"shape_params": 6, "camera": 3})
    config["synthetic_images"] = config["synthetic_images"] | {"split": "validation"}
    stream = data_pipelines.build_evaluation(config, 4)
    batches = list(stream)
    rows = joined(batches)
    assert rows["mask"].tolist() == [1] * 5 + [0] * 3
    assert set(rows["identity"].tolist()) == {4}
    assert len(set(rows["label"][:5].tolist())) == 5
    assert_equal(list(stream), batches)
    spec = data_pipelines.element_spec(config, 4, evaluation=True)
    assert {n: (a.shape, a.dtype) for n, a in batches[0].items()} == dict(spec)


def test_undecodable_photographs_are_left_out_of_evaluation(folder):
    config = {
        "item": "smirk_item",
        "smirk_item": {"size": 32, "mode": "plain"},
        "source": "faces",
        "faces": {"path": str(folder / "photographs")},
    }
    rows = joined(list(data_pipelines.build_evaluation(config, 2)))
    assert rows["item_id"].tolist() == [0, 2] and rows["mask"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("block", "change", "message"),
    [
        ("smirk_item", {"colours": True}, "smirk_item: unknown colours; known are"),
        ("synthetic_images", {"folder": "x"}, "synthetic_images: unknown folder"),
        ("smirk_item", {"truth": {"camera": 3}}, "truth: camera cannot be known"),
        ("synthetic_images", {"path": "missing"}, "missing: no pictures of synthetic"),
    ],
)
def test_wrong_configurations_are_refused(folder, block, change, message):
    config = synthetic(folder)
    config[block] = config[block] | change
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        take(config, 1)
