"""What goes wrong in a training: one clear line, a status that launchers know, no loss."""

import contextlib
import multiprocessing
import os
import resource
import signal

import grain
import jax
import pytest

from face_jax.cli import runs
from face_jax.cli.__main__ import main
from face_jax.cli.exit_codes import ExitCode
from tests.data_pipelines.sources.small_faces import write_faces
from tests.processes.killing import saved_steps
from tests.processes.marked_train import SharedToyStreams, teach_toy
from tests.train.toy import ToyStreams, toy_batch

pytestmark = pytest.mark.slow

CONFIG = "tests/processes/toy_config.py"


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    for name in ("PipelineStreams", "build_task", "ensure_data"):
        monkeypatch.setattr(runs, name, getattr(runs, name))
    teach_toy()


@pytest.fixture
def train(tmp_path, capsys):
    """Trains; returns the status and the last line that was told."""
    devices = {"data": 1, "fsdp": 1, "tensor": jax.device_count()}

    def run(*settings, workdir=tmp_path / "run"):
        command = ["train", "--config", CONFIG, "--workdir", str(workdir)]
        mesh = [f"mesh.{name}={size}" for name, size in devices.items()]
        for setting in (*mesh, "run.log_every=1", "run.save_every=2", *settings):
            command += ["--set", setting]
        status = main(command)
        return status, capsys.readouterr().err.strip().splitlines()[-1]

    return run


def failed(line, words):
    assert line.startswith("face-jax train: error: "), line
    assert words in line


def test_a_loss_that_is_not_finite(train, tmp_path):
    status, line = train("run.steps=6", "task.explode_at=5")
    assert status == ExitCode.FAILED
    failed(line, "step 5: line/parameter_norm is not finite; the last good checkpoint")
    assert max(saved_steps(tmp_path / "run")) == 4
    assert train("run.steps=6")[0] == ExitCode.DONE


@contextlib.contextmanager
def files_of_at_most(size):
    """As on a disk that fills up: no file can grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk(train, tmp_path):
    wide = "task.hidden=8192"
    assert train(wide, "run.steps=2")[0] == ExitCode.DONE
    with files_of_at_most(100_000):
        status, line = train(wide, "run.steps=6")
    assert status == ExitCode.FAILED
    failed(line, f"{tmp_path}/run/checkpoints: a checkpoint cannot be written (")
    assert "those before it are as they were" in line
    assert saved_steps(tmp_path / "run") == [2]


def test_a_full_disk_for_the_figures(train):
    assert train("run.steps=2")[0] == ExitCode.DONE
    with files_of_at_most(10):
        status, line = train("run.steps=6")
    assert status == ExitCode.FAILED
    failed(line, "File too large")


def test_a_folder_that_cannot_be_written(train, tmp_path):
    (tmp_path / "file").write_text("")
    status, line = train("run.steps=2", workdir=tmp_path / "file" / "run")
    assert status == ExitCode.WRONG_INPUT
    failed(line, f"Not a directory: '{tmp_path}/file")


class WorkerStreams(SharedToyStreams):
    """Batches of a data worker, which dies after the third."""

    def training(self, name, step):
        batches = grain.MapDataset.range(step, 1000).map(toy_batch).to_iter_dataset()
        options = grain.MultiprocessingOptions(num_workers=1, per_worker_buffer_size=1)
        for number, batch in enumerate(batches.mp_prefetch(options)):
            yield batch
            if number == 2:
                for worker in multiprocessing.active_children():
                    worker.kill()


def test_a_killed_data_worker(train, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "PipelineStreams", lambda **_: WorkerStreams())
    status, line = train("run.steps=30", "run.save_every=30")
    assert status == ExitCode.FAILED
    failed(line, "the next batch cannot be made (Worker process was terminated")
    (saved,) = saved_steps(tmp_path / "run")
    assert 3 <= saved < 30 and f"step {saved}: " in line


class ShardStreams(SharedToyStreams):
    """Batches that need a record of a data set on the disk."""

    def __init__(self, source):
        super().__init__()
        self.source = source

    def training(self, name, step):
        for number, batch in enumerate(ToyStreams().training(name, step)):
            self.source[number]
            yield batch


def test_an_unreadable_shard(train, tmp_path, monkeypatch):
    from data_pipelines.sources.records import RecordSource

    write_faces(tmp_path)
    (shard,) = tmp_path.rglob("*train.array_record*")
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 4
    shard.write_bytes(bytes(data))
    source = RecordSource(shard.parent, "train")
    monkeypatch.setattr(runs, "PipelineStreams", lambda **_: ShardStreams(source))
    status, line = train("run.steps=100", "run.save_every=100", "run.log_every=50")
    assert status == ExitCode.FAILED
    failed(line, "split 'train', record ")
    assert "hash mismatch" in line and f"'{shard.parent}'" in line
    assert 1 <= saved_steps(tmp_path / "run")[0] < 100


class NoticeStreams(SharedToyStreams):
    """Batches; after the third the process is told to stop."""

    def training(self, name, step):
        for number, batch in enumerate(super().training(name, step)):
            yield batch
            if number == 2:
                os.kill(os.getpid(), signal.SIGTERM)


def test_a_notice(train, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "PipelineStreams", lambda **_: NoticeStreams())
    status, line = train("run.steps=30", "run.save_every=30")
    assert status == ExitCode.PREEMPTED
    assert line == "stopped at step 4; the same command goes on from here"
    assert saved_steps(tmp_path / "run") == [4]


def test_a_notice_before_there_is_anything_to_save(train, tmp_path, monkeypatch):
    monkeypatch.setattr(
        runs, "ensure_data", lambda _: os.kill(os.getpid(), signal.SIGTERM)
    )
    with pytest.raises(SystemExit) as left:
        train("run.steps=2")
    assert left.value.code == ExitCode.PREEMPTED
