"""Stages in order: what runs, what is skipped, and what an interruption leaves."""

import functools
import json
import logging
import re
import signal

import pytest

from face_jax.train import stages
from face_jax.train.stages import MARKER, Stage, run_stages
from tests.train.test_loop import trainer
from tests.train.toy import ToyStreams

NAMES = ("mae", "svdd", "recognizer")


class Pipeline:
    """Three stages that write a file each and say that they ran."""

    def __init__(self, workdir, unfinished=(), **settings):
        self.workdir, self.unfinished, self.ran = workdir, unfinished, []
        self.settings = {name: {"run": {"steps": 4}} for name in NAMES} | settings

    def run(self):
        return run_stages(
            [
                Stage(name, self.settings[name], functools.partial(self._work, name))
                for name in NAMES
            ],
            self.workdir,
        )

    def _work(self, name, folder):
        self.ran.append(name)
        assert folder == self.workdir / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "result").write_text(name)
        return name not in self.unfinished

    def markers(self):
        return [name for name in NAMES if (self.workdir / name / MARKER).exists()]


def test_stages_run_in_order_and_only_once(tmp_path, caplog):
    pipeline = Pipeline(tmp_path)
    with caplog.at_level(logging.INFO, "face_jax"):
        assert pipeline.run()
    assert pipeline.ran == list(NAMES) == pipeline.markers()
    assert caplog.messages == [
        f"stage {i} of 3: {name}" for i, name in enumerate(NAMES, 1)
    ]
    marker = json.loads((tmp_path / "svdd" / MARKER).read_text())
    assert marker["settings"] == {"run": {"steps": 4}} and marker["seconds"] >= 0
    caplog.clear()
    again = Pipeline(tmp_path)
    with caplog.at_level(logging.INFO, "face_jax"):
        assert again.run()
    assert again.ran == []
    assert len(caplog.messages) == 3
    assert re.match(r"stage 2 of 3: svdd is finished \(\d+s\)", caplog.messages[1])


def test_a_stage_that_is_not_finished_is_the_last_to_begin(tmp_path):
    pipeline = Pipeline(tmp_path, unfinished=("svdd",))
    assert not pipeline.run()
    assert pipeline.ran == ["mae", "svdd"] and pipeline.markers() == ["mae"]
    again = Pipeline(tmp_path)
    assert again.run()
    assert again.ran == ["svdd", "recognizer"] and again.markers() == list(NAMES)


def test_other_settings_of_a_finished_stage_are_named(tmp_path):
    Pipeline(tmp_path, unfinished=("recognizer",)).run()
    other = {"run": {"steps": 5}}
    changed = Pipeline(tmp_path, svdd=other)
    message = r"stage 'svdd' .* run.steps was 4 there and is 5 now.*another --workdir"
    with pytest.raises(ValueError, match=message):
        changed.run()
    assert changed.ran == []
    # One that is not finished goes on with what it is given now.
    assert Pipeline(tmp_path, recognizer=other).run()


def test_tuples_are_the_lists_that_a_marker_makes_of_them(tmp_path):
    for expected in (["svdd"], []):
        pipeline = Pipeline(tmp_path, svdd={"bounds": (0, 1), "names": {"a": ("b",)}})
        pipeline.run()
        assert [name for name in pipeline.ran if name == "svdd"] == expected


def test_a_failing_stage_leaves_no_marker(tmp_path):
    def fail(folder):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run_stages([Stage("mae", {}, fail)], tmp_path)
    assert not (tmp_path / "mae").exists()


def test_a_marker_is_whole_or_absent(tmp_path, monkeypatch):
    def killed(path, text):
        path.with_name(path.name + ".tmp").write_text(text[: len(text) // 2])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stages, "replace_file", killed)
        with pytest.raises(KeyboardInterrupt):
            Pipeline(tmp_path).run()
    again = Pipeline(tmp_path)
    assert again.markers() == []
    assert again.run() and again.ran == list(NAMES)
    (tmp_path / "mae" / MARKER).write_text("{")
    with pytest.raises(ValueError, match=r"mae/finished.json: no marker"):
        Pipeline(tmp_path).run()


def test_settings_are_checked_before_anything_is_run(tmp_path):
    Pipeline(tmp_path).run()
    (tmp_path / "mae" / MARKER).unlink()
    changed = Pipeline(tmp_path, recognizer={"run": {"steps": 9}})
    with pytest.raises(ValueError, match="stage 'recognizer'"):
        changed.run()
    assert changed.ran == []


class InterruptedStreams(ToyStreams):
    """A signal comes while a batch is made."""

    def training(self, name, step):
        for batch in super().training(name, step):
            if step == 2:
                signal.raise_signal(signal.SIGTERM)
            yield batch
            step += 1


def test_a_signal_ends_a_training_stage_and_the_pipeline(tmp_path):
    def stage(name, streams):
        def run(folder):
            state = trainer(folder, streams=streams, steps=4).run()
            return int(state.step) >= 4

        return Stage(name, {}, run)

    later = stage("later", ToyStreams())
    assert not run_stages([stage("first", InterruptedStreams()), later], tmp_path)
    assert not (tmp_path / "first" / MARKER).exists()
    assert not (tmp_path / "later").exists()
    assert (tmp_path / "first" / "checkpoints" / "3").exists()
    assert run_stages([stage("first", ToyStreams()), later], tmp_path)
    assert (tmp_path / "later" / "checkpoints" / "4").exists()
