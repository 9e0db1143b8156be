import os
import subprocess
import sys
import time
import types

import pytest

from face_jax.cli import __main__ as console


def test_help_is_instant_and_imports_no_jax():
    code = (
        "import sys\n"
        "from face_jax.cli.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'jax', 'numpy', 'av', 'cv2'} & set(sys.modules)\n"
    )
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begin < 2  # 0.05 s on an idle machine
    for command in console.COMMANDS:
        assert command in done.stdout


@pytest.mark.parametrize(
    "module",
    ["fsrt.inference", "cli.reenact_video", "cli.reconstruct_run", "cli.recognize_run"],
)
def test_first_results_wait_for_no_import_that_is_not_used(module):
    """Libraries of data sets, plots and other mesh files, each of which takes a second."""
    unused = "{'grain', 'tensorflow_datasets', 'matplotlib', 'trimesh', 'scipy'}"
    code = f"import sys, face_jax.{module}\nprint({unused} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_the_library_imports_no_jax():
    code = "import sys, face_jax\nprint({'jax', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_unknown_command_lists_the_known_ones(capsys):
    with pytest.raises(SystemExit) as error:
        console.main(["fly"])
    assert error.value.code == 2
    assert "choose from train, reenact" in capsys.readouterr().err.replace("'", "")


@pytest.fixture
def failing(monkeypatch):
    """A command that raises what it is told to."""
    module = types.ModuleType("failing")
    module.DESCRIPTION, module.EPILOG, module.error = "Fails.", "", None
    module.add_arguments = lambda parser: None

    def main(args):
        if module.error is not None:
            raise module.error
        return 0

    module.main = main
    monkeypatch.setitem(sys.modules, "failing", module)
    monkeypatch.setitem(console.COMMANDS, "fail", ("failing", "fails"))
    return module


@pytest.mark.parametrize("kind", [ValueError, FileNotFoundError, PermissionError])
def test_wrong_input_is_one_line_on_stderr(failing, capsys, kind):
    failing.error = kind("a.mp4: expected this,\n  got that")
    assert console.main(["fail"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == ("face-jax fail: error: a.mp4: expected this, got that\n")


def test_debug_shows_where_it_came_from(failing):
    failing.error = ValueError("here")
    with pytest.raises(ValueError, match="here"):
        console.main(["fail", "--debug"])


def test_bugs_are_not_hidden(failing):
    failing.error = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        console.main(["fail"])


def test_success_and_interruption_have_their_status(failing, capsys):
    assert console.main(["fail"]) == 0
    failing.error = KeyboardInterrupt()
    assert console.main(["fail"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_nobody_who_reads_is_no_error():
    code = (
        "import sys, types, argparse\n"
        "from face_jax.cli import __main__ as console\n"
        "command = types.SimpleNamespace(DESCRIPTION='', EPILOG='', main=lambda a: "
        "print('line'), add_arguments=lambda p: None)\n"
        "sys.modules['a_command'] = command\n"
        "console.COMMANDS['speak'] = ('a_command', '')\n"
        "sys.argv = ['face-jax', 'speak']\n"
        "console.run()\n"
    )
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert process.returncode == console.ExitCode.CLOSED_PIPE
    assert process.stderr == ""
