"""Nothing is compiled twice, and programs from the cache compute the same bits."""

import json
import subprocess
import sys

import numpy as np
import pytest

from data_pipelines.landmarks.files import save_landmarks
from data_pipelines.video import write_image
from tests.cli.clips import face_landmarks, write_clip_with_sound
from tests.fsrt import tiny_model
from tests.fsrt.tiny_model import moving_frames
from tests.latent_ofer.small_pipeline import save_pipeline
from tests.processes.command import CONFIG, SETTINGS, environment, losses, parameters
from tests.smirk import small_model
from tests.smirk.small_task import write_head

pytestmark = pytest.mark.slow

LENGTH = ("run.steps=4", "run.save_every=2", "evals.tail.every=2")


def compilations(cache, *arguments, status=0):
    """Programs that were taken from a cache and that were compiled; None for no cache."""
    counts = cache.with_suffix(".json") if cache else None
    variables = {"JAX_ENABLE_COMPILATION_CACHE": "true" if cache else "false"}
    if cache:
        variables["JAX_COMPILATION_CACHE_DIR"] = str(cache)
        variables["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    program = "face_jax.cli" if counts is None else "tests.processes.compilations"
    given = [] if counts is None else [str(counts)]
    command = [sys.executable, "-m", program, *given, *map(str, arguments)]
    done = subprocess.run(
        command,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == status, done.stderr
    if counts is None:
        return None
    found = json.loads(counts.read_text())
    return found["hits"], found["misses"]


def training(workdir, *settings):
    flags = [
        flag for each in (*SETTINGS, *LENGTH, *settings) for flag in ("--set", each)
    ]
    return ["train", "--config", CONFIG, "--workdir", workdir, *flags]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A picture and a clip with their landmarks."""
    folder = tmp_path_factory.mktemp("inputs")
    write_image(folder / "me.png", moving_frames(1, 48, 64, seed=1)[0])
    write_clip_with_sound(folder / "talk.mp4", moving_frames(6, 48, 64), 25)
    for name, count in (("me", 1), ("talk", 6)):
        path = folder / f"{name}.npz"
        save_landmarks(path, face_landmarks(count), np.arange(count), (64, 48))
    return folder


def check_once(cache, *arguments):
    """The first run compiles each program once, the second one none."""
    hits, misses = compilations(cache, *arguments)
    assert hits == 0 and misses > 0
    again, missing = compilations(cache, *arguments)
    assert missing == 0 and again == misses


def test_training_is_the_same_with_and_without_a_cache(tmp_path):
    plain, cold, warm, parts = (
        tmp_path / name for name in ["plain", "cold", "warm", "parts"]
    )
    cache = tmp_path / "programs"
    compilations(None, *training(plain))
    hits, misses = compilations(cache, *training(cold))
    assert hits == 0 and misses > 0
    hits, misses = compilations(cache, *training(warm))
    assert misses == 0 and hits > 0
    compilations(cache, *training(parts, "run.stop_after=2"), status=75)
    hits, misses = compilations(cache, *training(parts))
    assert hits > 0 and max(losses(parts)) == 4
    for workdir in (cold, warm, parts):
        assert losses(workdir) == losses(plain)
        for ours, theirs in zip(parameters(workdir), parameters(plain), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    flags = ["--checkpoint", plain, "--out", tmp_path / "held"]
    check_once(tmp_path / "evaluating", "evaluate", "held-out", *flags)


def test_reenactment(inputs, tmp_path):
    tiny_model.save_checkpoint(tmp_path / "run", tiny_model.build_model())
    files = ["--source", inputs / "me.png", "--driving", inputs / "talk.mp4"]
    files += ["--checkpoint", tmp_path / "run", "--out", tmp_path / "out.mp4"]
    check_once(tmp_path / "programs", "reenact", *files)


def test_heads(inputs, tmp_path):
    small_model.save_checkpoint(tmp_path / "run", write_head(tmp_path))
    files = [inputs / "me.png", inputs / "talk.mp4"]
    files += ["--checkpoint", tmp_path / "run", "--out", tmp_path / "out"]
    check_once(tmp_path / "programs", "reconstruct", *files)


def test_expressions(inputs, tmp_path):
    save_pipeline(tmp_path / "run")
    files = [inputs / "me.png", inputs / "talk.mp4"]
    files += ["--checkpoint", tmp_path / "run", "--out", tmp_path / "out"]
    check_once(tmp_path / "programs", "recognize", *files)
