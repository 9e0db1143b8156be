"""Files of published weights as plain arrays."""

from pathlib import Path

import numpy as np


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Arrays of an ``.npz`` file by published name.

    Args:
      path: the file. From PyTorch it is made by
        ``numpy.savez(path, **{k: v.numpy() for k, v in state_dict.items()})``.

    Returns:
      Name to array.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is no ``.npz`` of plain arrays.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of weights")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, AttributeError) as error:
        raise ValueError(
            f"{path}: expected an .npz of plain arrays by published name "
            "(numpy.savez of a state_dict's arrays)"
        ) from error
