import logging
import os
import time
import zlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import face_jax
from face_jax.bench.measuring import fresh_compilation
from face_jax.cli import compilation_cache
from face_jax.cli.compilation_cache import (
    FOLDER,
    enable_compilation_cache,
    machine_name,
    tidy,
)

SETTINGS = (
    "jax_enable_compilation_cache",
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
)
LONG_AGO = 1e9


@pytest.fixture(autouse=True)
def settings():
    """The settings of a process that has a cache and nothing of its own in it."""
    before = {name: jax.config.values[name] for name in SETTINGS}
    jax.config.update("jax_enable_compilation_cache", True)
    yield
    for name, value in before.items():
        jax.config.update(name, value)
    with fresh_compilation():
        pass  # forgets the folder


@pytest.fixture
def events():
    """Names of what JAX does with its cache."""
    found = []
    jax.monitoring.register_event_listener(lambda name, **_: found.append(name))
    return found


def programs(folder):
    return sorted(path.name for path in folder.glob("*-cache"))


def write(path, data=b"program", age=LONG_AGO):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zlib.compress(data))
    at = time.time() - age if age < LONG_AGO else age
    os.utime(path, (at, at))
    return path


def test_programs_come_back_bit_equal(tmp_path, events):
    place = face_jax.enable_compilation_cache(tmp_path)
    assert place == tmp_path / FOLDER / machine_name()
    assert place.stat().st_mode & 0o777 == 0o700

    def step(state, batch):
        gradient = jax.grad(lambda s: jnp.sum(jnp.tanh(batch @ s) ** 2))(state)
        return state - 0.1 * gradient, jnp.linalg.norm(gradient)

    def trained():
        run = jax.jit(step, donate_argnums=0)
        state, norms = jnp.linspace(-1, 1, 24).reshape(6, 4), []
        for _ in range(5):
            state, norm = run(state, jnp.linspace(0, 1, 30).reshape(5, 6))
            norms.append(float(norm))
        return np.asarray(state), norms

    cold = trained()
    kept = programs(place)
    assert any(name.startswith("jit_step-") for name in kept)
    jax.clear_caches()
    events.clear()
    warm = trained()
    assert "/jax/compilation_cache/cache_hits" in events
    assert "/jax/compilation_cache/cache_misses" not in events
    np.testing.assert_array_equal(cold[0], warm[0])
    assert cold[1] == warm[1] and programs(place) == kept


def test_programs_are_kept_after_others_were_compiled(tmp_path):
    jax.jit(lambda x: 2 * x)(1.0)
    place = enable_compilation_cache(tmp_path)
    jax.jit(lambda x: 3 * x)(1.0)
    assert len(programs(place)) == 1


def test_settings_of_jax_go_first(tmp_path):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "own"))
    assert enable_compilation_cache(tmp_path) == tmp_path / "own"
    jax.config.update("jax_enable_compilation_cache", False)
    assert enable_compilation_cache(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_threshold_that_was_set_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "5")
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 5.0)
    enable_compilation_cache(tmp_path)
    assert jax.config.values["jax_persistent_cache_min_compile_time_secs"] == 5.0
    monkeypatch.undo()
    jax.config.update("jax_compilation_cache_dir", None)
    enable_compilation_cache(tmp_path)
    assert jax.config.values["jax_persistent_cache_min_compile_time_secs"] == 0.0


def test_the_folder_is_in_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FACE_JAX_CACHE", str(tmp_path))
    assert enable_compilation_cache() == tmp_path / FOLDER / machine_name()


def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path, caplog):
    (tmp_path / FOLDER).touch()
    with caplog.at_level(logging.WARNING):
        assert enable_compilation_cache(tmp_path) is None
    (told,) = caplog.messages
    assert told.startswith("compiled programs are not kept: ") and FOLDER in told
    assert jax.config.values["jax_compilation_cache_dir"] is None


def test_other_processors_have_another_folder(tmp_path, monkeypatch):
    here = machine_name()
    assert jax.__version__ in here and here == machine_name()
    names = set()
    for flags in ("sse avx", "sse avx avx512f"):
        information = tmp_path / "cpuinfo"
        information.write_text(
            f"processor: 0\nflags\t: {flags}\ncpu MHz: 1\n\nprocessor: 1\n"
        )
        monkeypatch.setattr(compilation_cache, "_PROCESSOR", information)
        names.add(machine_name())
        information.write_text(information.read_text().replace("MHz: 1", "MHz: 2"))
        names.add(machine_name())
    monkeypatch.setattr(compilation_cache, "_PROCESSOR", tmp_path / "none")
    assert len(names | {machine_name()}) == 3


def test_torn_programs_are_dropped_once_they_are_settled(tmp_path):
    whole = write(tmp_path / "whole-cache", bytes(range(256)))
    for name, age in (("torn-cache", 100), ("empty-cache", 100), ("new-cache", 1)):
        path = write(tmp_path / name, bytes(range(256)), age)
        status = path.stat()
        path.write_bytes(b"" if name == "empty-cache" else path.read_bytes()[:-9])
        os.utime(path, (status.st_atime, status.st_mtime))
    zstandard = tmp_path / "zstd-cache"
    zstandard.write_bytes(b"\x28\xb5\x2f\xfd")
    os.utime(zstandard, (LONG_AGO, LONG_AGO))
    tidy(tmp_path)
    assert programs(tmp_path) == ["new-cache", "whole-cache", "zstd-cache"]
    tidy(tmp_path)
    assert "new-cache" in programs(tmp_path) and whole.exists()
    # One that is older than the last look is not looked at again.
    whole.write_bytes(whole.read_bytes()[:-9])
    os.utime(whole, (LONG_AGO, LONG_AGO))
    tidy(tmp_path)
    assert whole.exists()


def test_programs_that_were_not_used_for_longest_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(compilation_cache, "MOST_BYTES", 250)
    places = [
        tmp_path / "jax-1" / "a-cache",
        *(tmp_path / "jax-2" / f"{n}-cache" for n in "bc"),
    ]
    for age, path in enumerate(places):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x28" * 100)
        os.utime(path, (LONG_AGO - age, LONG_AGO - age))
    # The oldest was read since.
    os.utime(places[2], (LONG_AGO + 5, LONG_AGO - 2))
    tidy(tmp_path / "jax-3")
    assert [path.exists() for path in places] == [True, False, True]
