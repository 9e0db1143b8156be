import json
import shlex
from argparse import ArgumentParser

import numpy as np
import pytest

from data_pipelines.landmarks.files import load_landmarks
from data_pipelines.video import VideoReader, VideoWriter
from face_jax.cli import demo, demo_settings, evaluate, reenact
from face_jax.cli.__main__ import main
from face_jax.cli.demo_settings import demo_config, set_length, use_source
from face_jax.fsrt.evaluation import Split
from face_jax.fsrt.networks import build_networks
from face_jax.fsrt.scores import Clip
from face_jax.fsrt.suite import Subject

CONFIG = "configs/fsrt/demo.py"


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "me.mp4"
    path.touch()
    return path


def test_size_reaches_networks_and_data():
    config = demo_config(CONFIG, None, None, 96)
    assert config.task.networks.image_size == 96
    assert config.task.networks.encoder.pixel_octaves == 7
    for data in (config.data, config.evals.tail.data):
        assert data.source == "synthetic"
        assert data.fsrt_item.size == data.synthetic.built_in.size == 96
    build_networks(**config.task.networks.to_dict())
    with pytest.raises(ValueError, match="a multiple of 32 expected, got 50"):
        demo_config(CONFIG, None, None, 50)


def test_clip_without_landmarks_learns_its_keypoints(clip):
    config = demo_config(CONFIG, clip, None, None)
    assert config.task.networks.keypoints == "learned"
    assert config.task.keypoint_focus == 0.0
    for data in (config.data, config.evals.tail.data):
        assert data.source == "clips" and data.clips.path == str(clip)
    with_landmarks = demo_config(CONFIG, clip, clip, None)
    assert with_landmarks.task.networks.keypoints == "landmarks"
    assert with_landmarks.evals.tail.data.clips.landmarks == str(clip)
    with pytest.raises(FileNotFoundError, match=r"absent\.mp4: no such file"):
        demo_config(CONFIG, clip.with_name("absent.mp4"), None, None)


def test_landmarks_beside_the_clip_are_found(clip):
    assert demo.find_landmarks(clip, None) is None
    beside = clip.with_suffix(".npy")
    beside.touch()
    assert demo.find_landmarks(clip, None) == beside
    with pytest.raises(ValueError, match="--landmarks belongs to --clip"):
        demo.find_landmarks(None, beside)


def test_length_follows_the_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_settings, "seconds_per_step", lambda config: 0.05)
    config = demo_config(CONFIG, None, None, None)
    set_length(config, tmp_path, minutes=2.0)
    assert config.run.steps == config.task.schedule.decay_steps == 2400
    assert config.run.log_every == 40
    assert config.evals.tail.every == 300
    with pytest.raises(ValueError, match="--minutes: more than 0"):
        set_length(config, tmp_path, minutes=0.0)


def test_a_run_goes_on_with_its_own_length(tmp_path):
    config = demo_config(CONFIG, None, None, None)
    demo_settings._apply(config, 777, 5)
    stored = demo_settings.plain(config)
    (tmp_path / "config.json").write_text(json.dumps(stored))
    again = demo_config(CONFIG, None, None, None)
    set_length(again, tmp_path, minutes=99.0)
    assert again.run.steps == 777
    other = demo_config(CONFIG, None, None, 96)
    with pytest.raises(ValueError, match="belongs to a demo of another clip or size"):
        set_length(other, tmp_path, minutes=99.0)


def test_source_frame_is_that_of_the_report():
    config = demo_config(CONFIG, None, None, None)
    use_source(config, (3,))
    assert config.evals.tail.data.fsrt_item.evaluation_source_frames == (3,)
    use_source(config, (3, 4))
    assert config.evals.tail.data.fsrt_item.evaluation_source_frames is None


def test_next_commands_parse(tmp_path, clip):
    modules = {"demo": demo, "reenact": reenact, "evaluate": evaluate}
    for given in (None, clip):
        lines = demo.next_commands(tmp_path, given)
        commands = [line for line in lines if not line.startswith("#")]
        assert len(commands) == 3
        for program, name, *flags in map(shlex.split, commands):
            assert program == "face-jax"
            parser = ArgumentParser()
            modules[name].add_arguments(parser)
            parser.parse_args(flags)


def test_built_in_clip_is_saved_for_other_commands(tmp_path):
    frames = np.full((4, 32, 32, 3), 90, np.uint8)
    landmarks = np.random.default_rng(0).uniform(0, 31, (4, 68, 2)).astype(np.float32)
    subject = Subject(
        Clip("built in", frames, landmarks=landmarks), Split([], {}), (0,)
    )
    demo.save_clip(tmp_path / "clip.mp4", subject)
    with VideoReader(tmp_path / "clip.mp4") as reader:
        assert len(reader) == 4 and reader.info.width == 32
    track = load_landmarks(tmp_path / "clip.npz", 4, (32, 32))
    np.testing.assert_allclose(track.points, landmarks, atol=1e-4)


def test_a_clip_of_one_frame_is_refused(tmp_path, capsys):
    path = tmp_path / "one.mp4"
    with VideoWriter(path, fps=25) as writer:
        writer.write(np.zeros((64, 64, 3), np.uint8))
    status = main(["demo", "--clip", str(path), "--out", str(tmp_path / "out")])
    assert status == 2
    assert "no usable training frame among 1 frames" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_demo_from_start_to_page(tmp_path):
    out = tmp_path / "demo"
    flags = ["--config", f"{CONFIG}:smoke", "--minutes", "0.01", "--out", str(out)]
    assert main(["demo", *flags]) == 0
    page = (out / "index.html").read_text()
    assert "data:video/mp4;base64," in page and "FSRT" in page
    for name in ("reenactment.mp4", "clip.mp4", "clip.npz", "report.json"):
        assert (out / name).exists()
    (out / "index.html").unlink()
    assert main(["demo", *flags]) == 0  # trained already: measures and writes again
    assert (out / "index.html").exists()


def test_a_file_is_no_place_for_a_page(clip, capsys):
    assert main(["demo", "--out", str(clip)]) == 2
    assert "expected a folder" in capsys.readouterr().err
