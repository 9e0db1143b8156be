"""Streams of Latent-OFER's items: the same batches whatever makes them."""

import itertools

import numpy as np
import pytest

import data_pipelines
from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.video import write_image
from tests.data_pipelines.items.memory_faces import HEIGHT, WIDTH, landmarks, picture
from tests.data_pipelines.sources.small_faces import write_faces


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Synthetic pictures, and a photograph with 68 landmarks."""
    path = tmp_path_factory.mktemp("faces")
    write_faces(path / "synthetic")
    (path / "photographs").mkdir()
    write_image(path / "photographs" / "0.png", picture(0, 0))
    points = landmarks(0, 0)[None]
    save_landmarks(path / "photographs" / "0.npz", points, [0], (WIDTH, HEIGHT))
    return path


def synthetic(folder, **item):
    return {
        "item": "latent_ofer_item",
        "latent_ofer_item": {"size": 32} | item,
        "source": "synthetic_images",
        "synthetic_images": {
            "path": str(folder / "synthetic"),
            "occluders": True,
            "labelled": True,
        },
    }


def take(config, count, **keywords):
    stream = data_pipelines.build(config, **({"seed": 3, "batch_size": 8} | keywords))
    batches = list(itertools.islice(stream, count))
    stream.close()
    return batches


def assert_equal(first, second):
    for one, other in zip(first, second, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_workers_make_the_same_batches(folder):
    config = synthetic(folder, class_balanced=True, erasing_probability=0.5)
    alone = take(config, 3)
    assert_equal(take(config, 3, num_workers=1), alone)
    assert_equal(take(config, 1, start_step=2), alone[2:])
    spec = data_pipelines.element_spec(config, 8)
    assert {n: (a.shape, a.dtype) for n, a in alone[0].items()} == dict(spec)


def test_evaluation_shows_what_hides_the_faces(folder):
    config = synthetic(folder, mode="plain")
    config["synthetic_images"] |= {"split": "validation"}
    (batch,) = data_pipelines.build_evaluation(config, 5)
    assert batch["item_id"].tolist() == list(range(5))
    assert set(batch["identity"].tolist()) == {4}
    hidden = batch["occluder_mask"].any(axis=(1, 2))
    differs = (batch["image"] != batch["clean_image"]).any(axis=-1)
    np.testing.assert_array_equal(differs.any(axis=(1, 2)), hidden)
    np.testing.assert_array_equal(hidden, batch["occluder"] > 0)
    assert not differs[batch["occluder_mask"] == 0].any()


def test_photographs(folder):
    config = synthetic(folder, mode="plain") | {
        "source": "faces",
        "faces": {"path": str(folder / "photographs")},
    }
    (batch,) = data_pipelines.build_evaluation(config, 1)
    np.testing.assert_array_equal(batch["image"], batch["clean_image"])
    assert batch["label"] == -1 and not batch["occluder_mask"].any()
    config["latent_ofer_item"]["class_balanced"] = True
    with pytest.raises(ValueError, match=r"class_balanced: none of 1 pictures"):
        take(config, 1)
