"""Log records on a terminal: progress stays on one line, the rest scrolls above it."""

import logging
import shutil
import sys
from pathlib import Path
from typing import TextIO

PROGRESS_PREFIX = "step "
"""How the train loop's progress reports begin."""


class ConsoleHandler(logging.Handler):
    """Writes messages; on a terminal each progress report replaces the one before.

    Args:
      stream: where to write; None is what stderr is at the time of a message.
    """

    def __init__(self, stream: TextIO | None = None):
        super().__init__()
        self._stream = stream
        self._on_progress_line = False

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        stream, message = self._stream or sys.stderr, self.format(record)
        if not stream.isatty():
            stream.write(message + "\n")
        elif message.startswith(PROGRESS_PREFIX):
            width = shutil.get_terminal_size().columns
            stream.write("\r\033[K" + message[: width - 1])
            self._on_progress_line = True
        else:
            stream.write("\n" * self._on_progress_line + message + "\n")
            self._on_progress_line = False
        stream.flush()


def log_to_console(level: int = logging.INFO) -> None:
    """Sends the log of this process to one ``ConsoleHandler`` on stderr."""
    root = logging.getLogger()
    root.handlers[:] = [ConsoleHandler()]
    root.setLevel(level)


def log_by_process(folder: Path, index: int) -> None:
    """Lets several processes of a run log without mixing their lines.

    Each appends to ``<folder>/process_<index>.log``, with the time before every line. The
    console keeps the first one's log; of the others it shows warnings, with their number.

    Args:
      folder: made where it is missing.
      index: of this process.

    Raises:
      OSError: the folder or the file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = logging.FileHandler(folder / f"process_{index}.log", encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    if index > 0:
        for console in root.handlers:
            console.setLevel(logging.WARNING)
            console.setFormatter(logging.Formatter(f"[process {index}] %(message)s"))
    root.addHandler(file)
