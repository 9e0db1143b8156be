"""What is written beside the arrays of a checkpoint, and proves that they are whole.

``config`` and ``step``; of each array by its path the digest of its elements (``digests``)
and its type and shape (``arrays``); and a checksum of all that. Checkpoints that older
versions wrote lack ``arrays`` and ``checksum``: what these would tell is not checked there.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orbax.checkpoint as ocp
from etils import epath

from face_jax.train.digests import descriptions, digests
from face_jax.train.failures import first_line
from face_jax.types import PyTree

ITEM = "meta"
Meta = dict[str, Any]

CHECKSUM = "checksum"


class CorruptCheckpointError(ValueError):
    """A checkpoint's files are not those that were written."""


def make_meta(
    step: int, config: Mapping[str, Any], items: Mapping[str, PyTree]
) -> Meta:
    """Describes a checkpoint that is about to be written.

    Args:
      step: of the state.
      config: JSON-like.
      items: name to the arrays that are stored.
    """
    meta = {
        "config": config,
        "step": step,
        "digests": digests(items),
        "arrays": descriptions(items),
    }
    return {**meta, CHECKSUM: _checksum(meta)}


def read_meta(folder: Path) -> Meta:
    """Reads the description of a checkpoint.

    Args:
      folder: the folder of the step.

    Raises:
      CorruptCheckpointError: it is not there, or not what was written.
    """
    try:
        # Not through a Checkpointer: it would wait for other processes, which may fail.
        with contextlib.closing(ocp.JsonCheckpointHandler()) as handler:
            meta = handler.restore(
                epath.Path(folder / ITEM), args=ocp.args.JsonRestore()
            )
        _check(meta, folder)
    except Exception as error:
        raise CorruptCheckpointError(
            f"{folder}: {ITEM} cannot be read ({first_line(error)})"
        ) from error
    return meta


def faults(items: Mapping[str, PyTree], meta: Meta, verify: bool = True) -> list[str]:
    """Where the arrays of a checkpoint are not those that were written.

    All processes of a run must ask together.

    Args:
      items: name to the arrays that were read.
      meta: the description that was written with them.
      verify: compare the digests of their elements too.

    Returns:
      Paths of arrays that are missing, or have other elements, another type or shape.
    """
    expected, shapes = _of(items, meta["digests"]), _of(items, meta.get("arrays", {}))
    found = descriptions(items)
    bad = set(expected).difference(found)
    bad |= {path for path in shapes if found.get(path) != shapes[path]}
    if verify:
        elements = digests(items)
        bad |= {path for path in expected if elements.get(path) != expected[path]}
    return sorted(bad)


def check_same_arrays(meta: Meta, targets: Mapping[str, PyTree], folder: Path) -> None:
    """Refuses a checkpoint whose arrays do not fit a state, before any is read.

    Args:
      meta: its description.
      targets: item to the arrays of the state, or what tells their shapes.
      folder: the checkpoint, for the message.

    Raises:
      ValueError: names the first array that does not fit.
    """
    stored, wanted = meta.get("arrays"), descriptions(targets)
    if stored is None or stored == wanted:
        return
    path = min(set(stored.items()) ^ set(wanted.items()))[0]
    was, now = (kinds.get(path, "not there") for kinds in (stored, wanted))
    raise ValueError(
        f"{folder} belongs to another config: {path} is {was} and was expected to be "
        f"{now}; choose another --workdir or the old settings"
    )


def _check(meta: Any, folder: Path) -> None:
    rest = {key: value for key, value in meta.items() if key != CHECKSUM}
    if CHECKSUM in meta and meta[CHECKSUM] != _checksum(rest):
        raise ValueError("its checksum is another one")
    for key in ("config", "step", "digests"):
        if key not in meta:
            raise ValueError(f"it lacks {key!r}")
    if str(meta["step"]) != folder.name.partition(".")[0]:
        raise ValueError(f"it is of step {meta['step']}")


def _checksum(meta: Mapping[str, Any]) -> str:
    # As it comes back: lists for tuples, texts for keys.
    stored = json.loads(json.dumps(meta))
    text = json.dumps(stored, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _of(items: Iterable[str], by_path: Mapping[str, Any]) -> dict[str, Any]:
    names = set(items)
    return {p: value for p, value in by_path.items() if p.partition("/")[0] in names}
