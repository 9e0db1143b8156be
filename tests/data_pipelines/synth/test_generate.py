import itertools
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_pipelines.sources.records import RecordSource, decode_picture
from data_pipelines.sources.synthetic_settings import (
    SPLITS,
    VERSION,
    SyntheticSettings,
    split_of,
)
from data_pipelines.synth.expressions import CLASSES
from data_pipelines.synth.generate import is_complete, pictures_left
from data_pipelines.synth.plan import OCCLUDER_NAMES, divide, make_plan, seed_of
from tests.data_pipelines.synth.plain_studio import SETTINGS, run
from tests.digests import digests


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("synthetic") / "faces"
    run(path)
    return path


def records(folder: Path, name: str, split: str) -> list[dict]:
    source = RecordSource(folder / name / VERSION, split)
    return [source[row] for row in range(len(source))]


def test_killed_runs_end_with_the_same_bytes(folder, tmp_path):
    module = "tests.data_pipelines.synth.plain_studio"
    other = tmp_path / "killed"
    command = [sys.executable, "-m", module, str(other), "2"]
    status = subprocess.run(command, check=False, timeout=300).returncode
    assert status == -signal.SIGKILL
    left = pictures_left(other, SETTINGS)
    everything = SETTINGS.images + SETTINGS.clips * SETTINGS.num_frames
    assert 0 < left < everything and not is_complete(other, SETTINGS)
    assert run(other)[-1] == left
    partial = [path for path in digests(other) if path.endswith(".partial")]
    kept = {k: v for k, v in digests(other).items() if k not in partial}
    assert kept == digests(folder)


def test_a_complete_data_set_is_left_alone(folder):
    before = digests(folder)
    assert is_complete(folder, SETTINGS) and pictures_left(folder, SETTINGS) == 0
    assert run(folder) == []
    assert digests(folder) == before


def test_persons_are_in_one_split_only(folder):
    people = [
        {
            int(r["identity"])
            for name in ("images", "frames")
            for r in records(folder, name, split)
        }
        for split in SPLITS
    ]
    assert all(people)
    for first, second in itertools.combinations(people, 2):
        assert not first & second
    assert sum(len(records(folder, "images", split)) for split in SPLITS) == 42


def test_pictures_differ_from_clean_ones_only_under_the_mask(folder):
    kinds = set()
    for record in records(folder, "images", "train"):
        image, clean, mask = (
            decode_picture(record[name])
            for name in ("image", "clean_image", "occluder_mask")
        )
        np.testing.assert_array_equal(image[mask == 0], clean[mask == 0])
        most = np.ceil(mask[..., None] / 255.0 * 255)
        assert (np.abs(image.astype(int) - clean) <= most).all()
        hidden = record["occluder"] != OCCLUDER_NAMES.index("none")
        assert mask.any() == hidden
        kinds.add(int(record["occluder"]))
    assert len(kinds) > 3


def test_records_hold_the_parameters(folder):
    record = records(folder, "images", "train")[0]
    assert record["shape_params"].shape == (4,)
    assert record["camera"].dtype == np.float32
    assert "jaw_params" not in record and "landmarks_105" not in record
    assert np.linalg.norm(record["pose_params"]) == pytest.approx(
        np.linalg.norm(record["rotation"]), rel=0.1
    )


def test_the_table_leads_to_the_frames_of_a_clip(folder):
    frames = records(folder, "frames", "train")
    for clip in records(folder, "clips", "train"):
        first, count = int(clip["first_frame"]), int(clip["num_frames"])
        part = frames[first : first + count]
        assert [int(frame["frame"]) for frame in part] == list(range(count))
        assert {int(frame["number"]) for frame in part} == {int(clip["clip"])}
        points = np.stack([frame["landmarks_68"] for frame in part])
        np.testing.assert_array_equal(points, clip["landmarks_68"])
        assert decode_picture(part[0]["image"]).shape == (32, 32, 3)


def test_label_names_are_stored(folder):
    source = RecordSource(folder / "images" / VERSION, "test")
    assert source.names == {"label": CLASSES, "occluder": OCCLUDER_NAMES}


def test_another_data_set_is_not_overwritten(folder):
    other = SyntheticSettings(images=42, clips=12, num_frames=9, size=64)
    with pytest.raises(ValueError, match=r"holds a data set with size 32, expected 64"):
        is_complete(folder, other)


def test_classes_are_balanced_within_persons():
    images = make_plan(SyntheticSettings(images=280, images_per_person=14)).images
    shown = [image.label for part in images.values() for image in part]
    assert [shown.count(label) for label in CLASSES] == [40] * 7
    person = [image.label for image in images["train"] if image.identity == 3]
    assert sorted(person) == sorted(2 * CLASSES)


def test_the_plan_of_a_smaller_data_set_is_part_of_it():
    small, large = (make_plan(SyntheticSettings(images=n)) for n in (100, 300))
    for split in SPLITS:
        assert large.images[split][: len(small.images[split])] == small.images[split]
    assert [split_of(number) for number in (3, 4, 9)] == ["train", "validation", "test"]


def test_files_hold_whole_clips():
    parts = divide(list(range(10)), pictures_each=100)
    assert [len(part) for part in parts] == [2] * 5
    assert divide([]) == []


def test_seeds_are_independent():
    purposes, numbers = ("person", "light"), range(200)
    seeds = {seed_of(s, p, n) for s in range(2) for p in purposes for n in numbers}
    assert len(seeds) == 800
