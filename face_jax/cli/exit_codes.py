"""Exit statuses of ``face-jax``, for launchers that decide whether to start it again."""

import enum
import errno
import sys

from face_jax.train.failures import RunFailedError

EXPECTED = (ValueError, OSError, RunFailedError)
"""What goes wrong without an error in the library: one line tells it all."""

FAILING_DISKS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
"""What the system says where the input is right and a disk is full or broken."""


class ExitCode(enum.IntEnum):
    """What a command says with its exit status.

    Processes that are killed have statuses of the system besides: 137 after ``kill -9``,
    143 after SIGTERM to a command that has nothing to save, 134 where another process of
    the run is gone. Each may be started again; a training goes on from its checkpoint.
    """

    DONE = 0
    """Everything that was asked for is there."""
    FAILED = 1
    """It began and cannot go on: a loss is not finite, the disk is full, data are lost."""
    WRONG_INPUT = 2
    """The command line, the config or a file is wrong: starting it again is of no use."""
    PREEMPTED = 75
    """A training left in order before its last step: it was told to stop, or to go no
    further than ``run.stop_after``. The same command goes on (EX_TEMPFAIL)."""
    INTERRUPTED = 130
    """Ctrl-C, to a command that has nothing to save or for the second time."""
    CLOSED_PIPE = 141
    """Nobody reads on, as in ``face-jax info DIR | head -3``."""


def tell(prog: str, error: Exception) -> ExitCode:
    """Tells an error in one line on stderr.

    Args:
      prog: the command, such as ``face-jax train``.
      error: one of ``EXPECTED``.

    Returns:
      The exit status for it.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    print(f"{prog}: error: {text}", file=sys.stderr, flush=True)
    broken = isinstance(error, OSError) and error.errno in FAILING_DISKS
    if broken or isinstance(error, RunFailedError):
        return ExitCode.FAILED
    return ExitCode.WRONG_INPUT
