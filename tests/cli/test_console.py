import io
import logging

import pytest

from face_jax.cli.console import ConsoleHandler, log_by_process, log_to_console


class Terminal(io.StringIO):
    def isatty(self):
        return True


def written(stream):
    handler = ConsoleHandler(stream)
    for message in ("begin", "step 1/9", "step 2/9", "saved"):
        handler.emit(logging.makeLogRecord({"msg": message}))
    return stream.getvalue()


def test_progress_replaces_itself_on_a_terminal():
    assert written(Terminal()) == "begin\n\r\033[Kstep 1/9\r\033[Kstep 2/9\nsaved\n"


def test_a_file_gets_every_line():
    assert written(io.StringIO()) == "begin\nstep 1/9\nstep 2/9\nsaved\n"


@pytest.fixture
def root():
    log = logging.getLogger()
    before, level = list(log.handlers), log.level
    yield log
    for handler in set(log.handlers) - set(before):
        handler.close()
    log.handlers[:] = before
    log.setLevel(level)


@pytest.mark.parametrize("index", [0, 1])
def test_each_process_has_a_file_and_only_the_first_one_the_console(
    tmp_path, root, capsys, index
):
    log_to_console()
    log_by_process(tmp_path / "logs", index)
    root.info("step 1")
    root.warning("look here")
    text = (tmp_path / "logs" / f"process_{index}.log").read_text()
    assert [line.split(" ", 2)[2] for line in text.splitlines()] == [
        "INFO step 1",
        "WARNING look here",
    ]
    told = capsys.readouterr().err.splitlines()
    assert told == (["step 1", "look here"], ["[process 1] look here"])[index]
