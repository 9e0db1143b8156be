"""Configs with stages, by the console command, with a system of three lines."""

import dataclasses
import functools
import json

import pytest

from configs import common
from face_jax import systems
from face_jax.cli import runs, stages
from face_jax.cli.__main__ import main
from face_jax.cli.config import load_config
from face_jax.train.checkpoints import load_variables
from face_jax.train.stages import MARKER
from tests.train.toy import ToyStreams, ToyTask

CONFIG = """
from configs import common
from ml_collections import ConfigDict, config_dict


def stage(**task):
    config = common.base()
    config.system = "toy"
    config.task = ConfigDict({"hidden": 4, "start": config_dict.placeholder(str), **task})
    config.run.steps = 1
    config.task.critic_from = config.run.get_ref("steps")
    config.mesh.data, config.mesh.fsdp = 4, 2
    return config


def get_config(argument=""):
    detector = stage(hidden=4)
    recognizer = stage(hidden=8)
    recognizer.uses = {"task": {"start": "detector"}}
    return common.pipeline({"recognizer_base": stage(), "detector": detector,
                            "all": recognizer})
"""
ORDER = ("recognizer_base", "detector", "all")


@dataclasses.dataclass(frozen=True)
class StagedTask(ToyTask):
    """Trains from the folder of another stage, which must be finished."""

    start: str | None = None

    def pretrained(self):
        if self.start is not None:
            assert load_variables(self.start)[1]["system"] == "toy"
        return super().pretrained()


@pytest.fixture
def drawn(monkeypatch):
    """The toy system in its place; which stages had their data drawn, by their size."""
    calls = []
    monkeypatch.setitem(systems.SYSTEMS, "toy", f"{__name__}:StagedTask")
    monkeypatch.setattr(runs, "PipelineStreams", lambda **settings: ToyStreams())
    monkeypatch.setattr(runs, "ensure", lambda *blocks: calls.append(len(blocks)))
    return calls


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "pipeline.py"
    path.write_text(CONFIG)
    return path


def test_stages_from_the_command_line(tmp_path, config, drawn, capsys):
    workdir = tmp_path / "run"
    command = ["train", "--config", str(config), "--workdir", str(workdir)]
    command += ["--set", "stages.detector.run.steps=2"]
    assert main([*command, "--set", "stages.detector.run.stop_after=1"]) == 75
    assert "stage 2 of 3: detector is not finished" in capsys.readouterr().err
    assert len(drawn) == 2 and not (workdir / "all").exists()
    assert main(command) == 0
    assert len(drawn) == 4
    steps = {name: load_config(str(config)).stages[name].run.steps for name in ORDER}
    for name, expected in (steps | {"detector": 2}).items():
        stored = load_variables(workdir / name)[1]
        assert stored["run"]["steps"] == stored["task"]["critic_from"] == expected
        assert (workdir / name / "checkpoints" / str(expected)).exists()
    assert stored["task"]["start"] == str(workdir / "detector")
    # What a stage uses is remembered by name: the folder may move.
    marker = json.loads((workdir / "all" / MARKER).read_text())
    assert marker["settings"]["task"]["start"] is None
    moved = workdir.rename(tmp_path / "moved")
    command[command.index(str(workdir))] = str(moved)
    assert main([*command, "--set", "stages.all.run.log_every=3"]) == 0
    assert len(drawn) == 4
    assert main([*command, "--set", "stages.recognizer_base.run.steps=9"]) == 2
    assert "run.steps was 1 there and is 9 now" in capsys.readouterr().err


def test_stages_up_to_one(tmp_path, config, drawn, monkeypatch, capsys):
    told = []
    monkeypatch.setattr(stages, "make_reporter", lambda *given: told.append)
    workdir = tmp_path / "run"
    command = ["train", "--config", str(config), "--workdir", str(workdir)]
    assert main([*command, "--until", "detecter"]) == 2
    assert (
        "--until: expected one of ['recognizer_base', 'detec" in capsys.readouterr().err
    )
    assert not drawn
    assert main([*command, "--until", "detector"]) == 0
    assert {path.name for path in workdir.iterdir()} == {"recognizer_base", "detector"}
    assert len(drawn) == 2 and not told
    assert main(command) == 0
    assert len(drawn) == 3 and told == [stages.FINISHED]


def test_a_config_without_stages_ends_at_none(tmp_path, capsys):
    command = ["train", "--config", "configs/fsrt/demo.py:smoke", "--until", "paths"]
    assert main([*command, "--workdir", str(tmp_path / "run")]) == 2
    assert "the config has no stages, got 'paths'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def pipeline(**changes):
    """Three stages without networks; ``changes`` are put into the last one."""
    names = ("first", "second", "third")
    config = common.pipeline({name: common.base() for name in names})
    config.stages.third.task.start = None
    config.stages.third.update(changes)
    return config


def test_a_stage_of_another_kind_is_done_by_its_function(tmp_path, monkeypatch):
    done = []

    def work(config, folder, kind):
        done.append((kind, folder.name, config.task.to_dict()))
        return True

    for kind in ("train", "cache"):
        monkeypatch.setitem(
            stages.STAGE_KINDS, kind, functools.partial(work, kind=kind)
        )
    config = pipeline(kind="cache", uses={"task": {"start": "first"}})
    assert stages.train_stages(config.lock(), tmp_path)
    assert done == [
        ("train", "first", {}),
        ("train", "second", {}),
        ("cache", "third", {"start": str(tmp_path / "first")}),
    ]
    assert config.stages.third.task.start is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"kind": "bake"},
            r"stages.third.kind: expected one of .*'train'.*, got 'bake'",
        ),
        (
            {"uses": {"task": {"start": "third"}}},
            r"stages.third.uses.task.start: .* one of \['first', 'second'\], got 'third'",
        ),
        ({"uses": {"task": {"start": "fourth"}}}, r"uses.task.start.*got 'fourth'"),
        (
            {"uses": {"task": {"mae": "first"}}},
            r"uses.task.mae: no key 'mae'; keys there are \['start'\]",
        ),
        (
            {"uses": {"run": {"steps": "first"}}},
            r"stages.third.uses.run.steps: .*takes no folder",
        ),
    ],
)
def test_stages_that_do_not_fit_together_are_refused(tmp_path, changes, message):
    config = pipeline(**changes)
    with pytest.raises(ValueError, match=message):
        stages.train_stages(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "order",
    [
        ("first", "second"),
        ("first", "second", "third", "fourth"),
        ("first", "second", "third", "third"),
    ],
)
def test_the_order_names_each_stage_once(tmp_path, order):
    config = pipeline()
    config.order = order
    with pytest.raises(ValueError, match=r"config.order: expected each of .* once"):
        stages.make_stages(config, tmp_path)


def test_smoke_cuts_every_stage():
    config = common.smoke(pipeline())
    assert {stage.run.steps for stage in config.stages.values()} == {2}


def test_overrides_name_what_is_there(config):
    with pytest.raises(ValueError, match=r"no key 'detecter'.*'detector'"):
        load_config(str(config), ["stages.detecter.run.steps=1"])
    with pytest.raises(ValueError, match=r"no key 'often'; keys there are \[\]"):
        load_config(str(config), ["stages.all.run.steps.often=1"])
    changed = load_config(str(config), ["stages.all.run.steps=7"])
    assert changed.stages.all.task.critic_from == 7
    assert changed.stages.detector.task.critic_from == 1
