import os
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds

from data_pipelines.prepare.shards import (
    ShardWriter,
    remove_abandoned,
    shard_path,
    write_metadata,
)

FEATURES = tfds.features.FeaturesDict(
    {
        "picture": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
        "values": tfds.features.Tensor(shape=(None, 2), dtype=np.float32),
    }
)


def png(number: int) -> bytes:
    return cv2.imencode(".png", np.full((4, 5, 3), number, np.uint8))[1].tobytes()


def record(number: int) -> bytes:
    values = np.full((number, 2), 0.5, np.float32)
    example = FEATURES.encode_example({"picture": png(number), "values": values})
    return FEATURES.serialize_example(example)


def write(folder, counts):
    for shard, count in enumerate(counts):
        with ShardWriter(
            shard_path(folder, "toys", "train", shard, len(counts))
        ) as out:
            for number in range(count):
                out.write(record(number))
    write_metadata(folder, "toys", FEATURES, {"train": counts, "test": []}, "Toys.")


def test_tfds_reads_the_shards_back_without_tensorflow(tmp_path):
    folder = tmp_path / "toys" / "1.0.0"
    write(folder, [3, 2])
    builder = tfds.builder_from_directory(folder)
    decoders = {"picture": tfds.decode.SkipDecoding()}
    data = builder.as_data_source(split="train", decoders=decoders)
    assert len(data) == 5 and builder.info.version == "1.0.0"
    assert data[4]["values"].shape == (1, 2)
    assert data[2]["picture"] == png(2)
    assert builder.info.splits["train"].num_bytes > 0


def test_the_same_records_give_the_same_bytes(tmp_path):
    contents = []
    for name in ("first", "second"):
        write(tmp_path / name / "1.0.0", [4])
        files = sorted((tmp_path / name).rglob("*.*"))
        contents.append(
            [(path.name, path.read_bytes()) for path in files if path.is_file()]
        )
    assert contents[0] == contents[1] and len(contents[0]) == 3


def test_a_file_that_was_not_finished_does_not_appear(tmp_path):
    path = tmp_path / "toys-train.array_record-00000-of-00001"
    with pytest.raises(RuntimeError), ShardWriter(path) as writer:
        writer.write(record(1))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_only_old_leftovers_are_removed(tmp_path):
    old, new = tmp_path / ".a.partial", tmp_path / ".b.partial"
    for path in (old, new):
        path.touch()
    yesterday = time.time() - 86400
    os.utime(old, (yesterday, yesterday))
    remove_abandoned(tmp_path)
    assert list(tmp_path.iterdir()) == [new]


@pytest.mark.parametrize(
    "buried",
    [
        True,
        pytest.param(
            False,
            marks=pytest.mark.skipif(
                sys.platform != "linux", reason="others do not tell such processes"
            ),
        ),
    ],
)
def test_leftovers_of_a_killed_process_are_removed_at_once(tmp_path, buried):
    """Even where nobody asks for its end: containers often have no one who does."""
    path = tmp_path / "toys-train.array_record-00000-of-00001"
    alive = ShardWriter(path)
    code = (
        "import os, signal; from pathlib import Path\n"
        "from data_pipelines.prepare.shards import ShardWriter\n"
        f"writer = ShardWriter(Path({str(path)!r}))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        if buried:
            process.wait()
        check_that_only_the_dead_are_removed(tmp_path, path, alive)


def check_that_only_the_dead_are_removed(tmp_path, path, alive):
    assert len(list(tmp_path.iterdir())) == 2
    remove_abandoned(tmp_path)
    with alive:
        alive.write(record(1))
    assert list(tmp_path.iterdir()) == [path]
