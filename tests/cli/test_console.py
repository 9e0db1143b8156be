import io
import logging

from face_jax.cli.console import ConsoleHandler


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
