"""Why a run that began cannot go on; each is told in one line."""


class RunFailedError(RuntimeError):
    """A run cannot go on, and its settings are not to blame."""


class NonFiniteError(RunFailedError):
    """Training met a value that is not finite."""


class DataFailedError(RunFailedError):
    """No batch can be made any more: a data worker is gone, or its data are."""


class CheckpointNotWrittenError(RunFailedError):
    """A checkpoint cannot be written; those before it are as they were."""


class ProcessLostError(RunFailedError):
    """Another process of the run is gone, or cannot be reached."""


def first_line(error: BaseException) -> str:
    """What an error says, without the lines after the first; its type if it is silent."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
