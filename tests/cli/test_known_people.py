import json

import numpy as np
import pytest

from data_pipelines.sources.synthetic_settings import VERSION, SyntheticSettings
from face_jax.cli import known_people
from face_jax.cli.__main__ import main
from face_jax.cli.known_people import KnownPeople, posed, settings_of, synthetic_part
from face_jax.fsrt import inference
from face_jax.fsrt.known_people import BOTH, EXPRESSION, POSE
from tests.data_pipelines.synth.plain_studio import PlainStudio, plain_head
from tests.fsrt.tiny_model import IMAGE_SIZE, build_model

SETTINGS = SyntheticSettings(clips=20, clips_per_person=1, num_frames=8, size=32)


@pytest.fixture(autouse=True)
def studio(monkeypatch):
    """Draws plain squares instead of faces."""
    monkeypatch.setattr(known_people, "Studio", lambda head, size: PlainStudio(size))
    monkeypatch.setattr(known_people, "head", lambda name: plain_head())


def test_people_are_those_of_the_test_split():
    people = KnownPeople(SETTINGS, IMAGE_SIZE)
    assert people.identities == [9, 19]
    with pytest.raises(ValueError, match="at least 2 persons for tests"):
        KnownPeople(SyntheticSettings(clips=10, clips_per_person=1), IMAGE_SIZE)


def test_encounters_with_oneself_and_with_the_next_person():
    found = list(KnownPeople(SETTINGS, IMAGE_SIZE).encounters(most=2, num_frames=3))
    assert len(found) == 2
    (own, cross), _ = found
    assert own.source.name == own.driver.name == "person 9"
    assert cross.driver.name == cross.stranger.name == "person 19"
    np.testing.assert_array_equal(own.driver.frames, own.truths[BOTH].frames)
    for encounter in (own, cross):
        assert set(encounter.truths) == {BOTH, POSE, EXPRESSION}
        assert encounter.driver.keypoints.shape == (3, 10, 2)
        assert set(encounter.truths[BOTH].regions) == {"mouth", "eyes"}
    # The camera, and with it the plain studio's points, belongs to the pose.
    np.testing.assert_array_equal(
        cross.truths[POSE].landmarks, cross.truths[BOTH].landmarks
    )
    np.testing.assert_array_equal(
        cross.truths[EXPRESSION].landmarks,
        np.repeat(cross.source.landmarks, 3, axis=0),
    )


def test_a_posed_person_keeps_identity_light_and_room():
    people = KnownPeople(SETTINGS, IMAGE_SIZE)
    me, pose = people._shots(9)[0], people._shots(19)[5]
    shot = posed(me, pose, me)
    assert shot.person == me.person and shot.identity == 9
    np.testing.assert_array_equal(shot.background, me.background)
    np.testing.assert_array_equal(shot.rotation, pose.rotation)
    np.testing.assert_array_equal(shot.weights, me.weights)


def test_settings_come_from_the_config_or_from_the_folder(tmp_path):
    def data(**block):
        return {"source": "synthetic", "synthetic": block}

    assert settings_of(data(built_in={"people": 3}), None).clips == 3
    described = {**SETTINGS.describe(), "version": VERSION}
    (tmp_path / "settings.json").write_text(json.dumps(described))
    assert settings_of(data(path=str(tmp_path)), None) == SETTINGS
    assert settings_of(data(path=str(tmp_path)), "ict.npz").head == "ict.npz"
    with pytest.raises(FileNotFoundError, match="it says what the data set holds"):
        settings_of(data(path=str(tmp_path / "absent")), None)


def test_synthetic_people_are_found_in_mixtures():
    items = {"item": "fsrt_item", "fsrt_item": {"size": 64}}
    people = {"source": "synthetic", "synthetic": {"built_in": {"people": 20}}}
    mixture = {"clips": {"source": "clips"}, "people": {**people, "weight": 0.4}}
    found = synthetic_part({"mixture": mixture, **items}, "synthetic")
    assert found == {**people, **items}
    assert synthetic_part({**people, **items, "mixture": None}, "synthetic") == found
    with pytest.raises(ValueError, match=r"expected 'synthetic', got \['clips'\]"):
        synthetic_part({"mixture": {"clips": mixture["clips"]}, **items}, "synthetic")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A work directory whose checkpoint is the tiny model."""
    built_in = {"people": 20, "num_frames": 8, "size": 32}
    data = {
        "source": "synthetic",
        "synthetic": {"built_in": built_in},
        "item": "fsrt_item",
        "fsrt_item": {},
    }
    (tmp_path / "config.json").write_text(json.dumps({"data": data}))
    model = build_model("landmarks")
    monkeypatch.setattr(inference, "load", lambda path, step: model)
    return tmp_path


def test_the_command_writes_a_report_with_sheets(run, capsys):
    out = run / "people"
    flags = ["--people", "1", "--frames", "3"]
    command = [
        "evaluate",
        "people",
        "--checkpoint",
        str(run),
        "--out",
        str(out),
        *flags,
    ]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "1 unseen people driven by each other" in printed
    assert sorted(p.name for p in out.iterdir()) == [
        "cross_0.png",
        "own_0.png",
        "report.json",
        "report.md",
    ]
    numbers = json.loads((out / "report.json").read_text())
    assert numbers["conditions"]["items"] == len(numbers["own"] + numbers["cross"])
    assert numbers["cross"][0]["pose alone"]["model"]["mouth"]["psnr"] > 0


def test_a_run_on_real_clips_has_no_known_truth(run, capsys):
    (run / "config.json").write_text(json.dumps({"data": {"source": "clips"}}))
    flags = ["--checkpoint", str(run), "--out", str(run / "people")]
    assert main(["evaluate", "people", *flags]) == 2
    assert "known of synthetic people only" in capsys.readouterr().err
