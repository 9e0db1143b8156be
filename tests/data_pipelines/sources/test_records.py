import pickle
import sys

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds

from data_pipelines.prepare.shards import ShardWriter, shard_path, write_metadata
from data_pipelines.sources.records import RecordSource, decode_picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("toys") / "1.0.0"
    features = tfds.features.FeaturesDict(
        {
            "picture": tfds.features.Image(shape=(None, None, 3)),
            "kind": tfds.features.ClassLabel(names=["cat", "dog"]),
            "name": tfds.features.Text(),
        }
    )
    with ShardWriter(shard_path(path, "toys", "train", 0, 1)) as writer:
        for number in range(4):
            picture = np.full((2, 3, 3), [10, 20, 30 * number], np.uint8)
            encoded = cv2.imencode(".png", picture)[1].tobytes()
            values = {"picture": encoded, "kind": number % 2, "name": f"toy {number}"}
            writer.write(features.serialize_example(features.encode_example(values)))
    write_metadata(path, "toys", features, {"train": [4]}, "Toys.")
    return path


def test_records_are_dictionaries_with_encoded_pictures(folder):
    source = RecordSource(folder, "train")
    assert len(source) == 4 and source.names == {"kind": ("cat", "dog")}
    record = source[3]
    assert record["kind"] == 1 and record["name"] == b"toy 3"
    picture = decode_picture(record["picture"])
    np.testing.assert_array_equal(picture[0, 0], [90, 20, 10])
    assert "tensorflow" not in sys.modules


def test_slices_of_tfds(folder):
    assert len(RecordSource(folder, "train[:50%]")) == 2


def test_copies_in_other_processes_open_their_own_files(folder):
    copy = pickle.loads(pickle.dumps(RecordSource(folder, "train")))
    assert copy[1]["name"] == b"toy 1"


def test_wrong_input_is_told(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="no TFDS data set"):
        RecordSource(tmp_path, "train")
    with pytest.raises(
        ValueError, match=r"expected one of the splits train, got 'val'"
    ):
        RecordSource(folder, "val")
    with pytest.raises(IndexError, match="expected a row below 4, got 4"):
        RecordSource(folder, "train")[4]
    with pytest.raises(ValueError, match=r"frame 3: .* got 0 bytes"):
        decode_picture(b"", "frame 3")
    with pytest.raises(ValueError, match="expected an encoded picture"):
        decode_picture(b"nonsense")
