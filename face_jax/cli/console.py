"""Log records on a terminal: progress stays on one line, the rest scrolls above it."""

import logging
import shutil
import sys
from typing import TextIO

PROGRESS_PREFIX = "step "
"""How the train loop's progress reports begin."""


class ConsoleHandler(logging.StreamHandler):
    """Writes messages; on a terminal each progress report replaces the one before."""

    def __init__(self, stream: TextIO | None = None):
        super().__init__(stream or sys.stderr)
        self._on_progress_line = False

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        message = self.format(record)
        if not self.stream.isatty():
            self.stream.write(message + "\n")
        elif message.startswith(PROGRESS_PREFIX):
            width = shutil.get_terminal_size().columns
            self.stream.write("\r\033[K" + message[: width - 1])
            self._on_progress_line = True
        else:
            self.stream.write("\n" * self._on_progress_line + message + "\n")
            self._on_progress_line = False
        self.flush()


def log_to_console(level: int = logging.INFO) -> None:
    """Sends the log of this process to one ``ConsoleHandler`` on stderr."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.addHandler(ConsoleHandler())
    root.setLevel(level)
