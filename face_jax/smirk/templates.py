"""Expressions that people have shown, as templates for the augmentation of others."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.convert.closed_pickle import read_npy
from face_jax.convert.weight_files import open_weights
from face_jax.types import Array


@flax.struct.dataclass
class TemplateBank:
    """Sequences of expressions, one after the other.

    Attributes:
      frames: float32 [N, E] expression parameters of all frames.
      starts: int32 [Q], row of the first frame of each sequence.
      lengths: int32 [Q], frames of each sequence, at least 1.
    """

    frames: Array | np.ndarray
    starts: Array | np.ndarray
    lengths: Array | np.ndarray


def template_bank(sequences: Sequence[np.ndarray], num_expression: int) -> TemplateBank:
    """Puts sequences together.

    Args:
      sequences: [T, E or more] each, of any length T of at least 1.
      num_expression: E; further parameters are left out.

    Returns:
      The bank, numpy's arrays.

    Raises:
      ValueError: there are no sequences, or one is empty or too narrow.
    """
    if not sequences:
        raise ValueError("sequences: expected at least one, got none")
    for number, sequence in enumerate(sequences):
        shape = np.shape(sequence)
        if len(shape) != 2 or not shape[0] or shape[1] < num_expression:
            raise ValueError(
                f"sequences: number {number}: expected [T, {num_expression} or more] "
                f"with T at least 1, got {shape}"
            )
    lengths = np.array([len(sequence) for sequence in sequences], np.int32)
    frames = np.concatenate([sequence[:, :num_expression] for sequence in sequences])
    return TemplateBank(
        frames=np.asarray(frames, np.float32),
        starts=np.asarray(np.cumsum(lengths) - lengths, np.int32),
        lengths=lengths,
    )


def draw_frames(key: Array, count: int, bank: TemplateBank) -> Array:
    """Draws frames: a sequence, every one as likely as any other, then a frame of it.

    Args:
      key: random key.
      count: n.
      bank: to draw from.

    Returns:
      int32 [n], rows of ``bank.frames``.
    """
    of_sequence, of_frame = jax.random.split(key)
    bank = jax.tree.map(jnp.asarray, bank)
    sequence = jax.random.randint(of_sequence, (count,), 0, len(bank.starts))
    frame = jax.random.randint(of_frame, (count,), 0, bank.lengths[sequence])
    return bank.starts[sequence] + frame


def read_templates(folder: str | os.PathLike[str]) -> list[np.ndarray]:
    """Reads the published templates of SMIRK (arXiv 2404.04104); executes nothing.

    Args:
      folder: ``expression_templates_famos``, the user's own copy: the frames of a
        sequence are the files ``<subject>/<movement>/*.npy``, each a dictionary with a
        vector ``expression``.

    Returns:
      The sequences, float32 [T, E] each, in the order of their names.

    Raises:
      FileNotFoundError: there is no sequence in the folder.
      ValueError: a file is damaged, has no such vector, or one of another length than
        the first of its sequence.
    """
    folders = sorted({path.parent for path in Path(folder).glob("*/*/*.npy")})
    if not folders:
        raise FileNotFoundError(
            f"{folder}: expected files <subject>/<movement>/*.npy, found none"
        )
    return [_read_sequence(sequence) for sequence in folders]


def read_bank(path: str | os.PathLike[str], num_expression: int) -> TemplateBank:
    """Templates from the user's files.

    Args:
      path: a folder, see ``read_templates``; or an ``.npz`` whose arrays are the
        sequences, [T, E or more] each.
      num_expression: E.

    Returns:
      The bank.

    Raises:
      FileNotFoundError: there is no such folder or file.
      ValueError: a file is damaged, or a sequence too narrow.
    """
    if Path(path).suffix == ".npz":
        with open_weights(Path(path)) as stored:
            sequences = [np.array(sequence) for sequence in stored.values()]
    else:
        sequences = read_templates(path)
    return template_bank(sequences, num_expression)


def action_bank(names: Sequence[str]) -> TemplateBank:
    """Templates of a head whose expression directions are facial actions.

    Each is one action in full; left and right halves of one go together.

    Args:
      names: of the directions, sides at their ends: ``mouthSmile_L``.

    Returns:
      The bank, of one frame for each action.

    Raises:
      ValueError: there are no names.
    """
    whole = [name.removesuffix("_L").removesuffix("_R") for name in names]
    actions = dict.fromkeys(whole)
    frames = [[[float(name == action) for name in whole]] for action in actions]
    return template_bank([np.array(frame) for frame in frames], len(whole))


def _read_sequence(folder: Path) -> np.ndarray:
    """The frames of a sequence, [T, E]."""
    vectors: list[np.ndarray] = []
    for path in sorted(folder.glob("*.npy")):
        vectors.append(_read_expression(path))
        if len(vectors[-1]) != len(vectors[0]):
            raise ValueError(
                f"{path}: expression: expected {len(vectors[0])} numbers as in the "
                f"first frame, got {len(vectors[-1])}"
            )
    return np.stack(vectors)


def _read_expression(path: Path) -> np.ndarray:
    """The vector of a file, float32 [E]."""
    contents = read_npy(path)
    if not isinstance(contents, Mapping) or "expression" not in contents:
        raise ValueError(
            f"{path}: expected a dictionary with an entry 'expression', got "
            f"{sorted(contents) if isinstance(contents, Mapping) else type(contents)}"
        )
    vector = np.squeeze(np.asarray(contents["expression"]))
    if vector.ndim != 1 or vector.dtype.kind not in "fiu":
        raise ValueError(
            f"{path}: expression: expected a vector of numbers, got {vector.dtype} "
            f"{vector.shape}"
        )
    return vector.astype(np.float32)
