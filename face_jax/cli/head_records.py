"""What is stored of found heads: arrays, their description, and named weights."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from face_jax.cli.footage import Footage
from face_jax.cli.head_frames import FoundFaces
from face_jax.geometry.head import HeadModel

ARRAYS = {
    "shape_params": ("1", "coefficients of the head's identity directions"),
    "expression_params": ("1", "coefficients of the head's expression directions"),
    "pose_params": ("radians", "rotation of the head about its root, axis-angle"),
    "jaw_params": ("radians", "rotation of the jaw, axis-angle; x opens the mouth"),
    "eyelid_params": ("1", "closing of the left and right eyelid, 0 to 1"),
    "camera": (
        "1/metre, metre, metre",
        "(s, tx, ty) of the whole frame: x' = s (x + tx), y' = -s (y + ty) in halves of "
        "the frame's shorter side from its middle, x' right and y' down",
    ),
    "crop_camera": (
        "1/metre, metre, metre",
        "(s, tx, ty) of the square crop, as above in halves of its side",
    ),
    "crop_matrix": (
        "pixels",
        "from (x, y, 1) of the frame to that of the crop; (0, 0) is the centre of the "
        "first pixel",
    ),
    "landmarks_68": (
        "pixels",
        "Multi-PIE mark-up of the mesh in the frame; (0, 0) is the centre of the first "
        "pixel",
    ),
    "landmarks_105": (
        "pixels",
        "the 105 points of MediaPipe's that SMIRK uses, likewise",
    ),
    "valid": ("bool", "whether a face was found; other rows are NaN"),
}
"""Unit and meaning of every array."""

EXTRAS = {
    "eyelid_params": ("eyelid_left", "eyelid_right"),
    "jaw_params": ("jaw_x", "jaw_y", "jaw_z"),
}
"""Columns behind the named weights: eyelids 0 to 1, jaw in radians."""


class Records:
    """Parameters of all frames of a clip or picture, a few hundred numbers for each.

    Args:
      head: the head that they set.
      footage: what they are of.
      crop_size: side of the crops that the encoders see, pixels.
    """

    def __init__(self, head: HeadModel, footage: Footage, crop_size: int):
        self._head, self._footage, self._size = head, footage, crop_size
        self._parts: dict[str, list[np.ndarray]] = {}

    def add(self, found: FoundFaces) -> None:
        """Takes the next frames."""
        parameters = {n: v for n, v in vars(found.faces.head).items() if v is not None}
        matrices = np.stack([frame.matrix(self._size) for frame in found.frames])
        arrays = {
            **parameters,
            "camera": found.faces.camera,
            "crop_camera": found.crop_cameras,
            "crop_matrix": matrices,
            "landmarks_68": found.landmarks_68,
            "landmarks_105": found.landmarks_105,
        }
        for name, values in arrays.items():
            known = found.valid.reshape(-1, *[1] * (np.ndim(values) - 1))
            rows = np.where(known, values, np.nan).astype(np.float32)
            self._parts.setdefault(name, []).append(rows)
        self._parts.setdefault("valid", []).append(found.valid)

    def write(self, folder: Path) -> None:
        """Writes ``parameters.npz``, ``parameters.json`` and the named weights, once.

        Args:
          folder: an existing one.
        """
        # Taken out one by one, so that no more than one of them exists twice.
        arrays = {n: np.concatenate(self._parts.pop(n)) for n in list(self._parts)}
        facts: dict[str, Any] = {
            "picture_size": np.array(self._footage.frame_size, np.int32),
            "crop_size": np.array(self._size, np.int32),
        }
        if self._footage.frame_rate is not None:
            facts["frame_rate"] = np.array(float(self._footage.frame_rate))
        np.savez_compressed(folder / "parameters.npz", **(facts | arrays))
        text = json.dumps(self._described(arrays), indent=1)
        (folder / "parameters.json").write_text(text + "\n", encoding="utf-8")
        self._write_weights(folder, arrays)

    def _described(self, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
        still = self._footage.frame_rate is None
        described = {
            name: {
                "shape": list(rows.shape[still:]),
                "unit": ARRAYS[name][0],
                "meaning": ARRAYS[name][1],
                **({"values": rows[0].tolist()} if still else {}),
            }
            for name, rows in arrays.items()
        }
        rate = self._footage.frame_rate
        return {
            "input": self._footage.path.name,
            "head": self._head.name,
            "licence_of_the_head": self._head.licence,
            "model_space": "metres; x to the subject's left, y up, z out of the face",
            "picture_size": list(self._footage.frame_size),
            "crop_size": self._size,
            **({} if rate is None else {"frame_rate": float(rate)}),
            "expression_names": list(self._names(arrays)),
            "arrays": described,
        }

    def _names(self, arrays: dict[str, np.ndarray]) -> Sequence[str]:
        """Names of the expression coefficients, those that the head gives."""
        return self._head.expression_names[: arrays["expression_params"].shape[1]]

    def _write_weights(self, folder: Path, arrays: dict[str, np.ndarray]) -> None:
        names = list(self._names(arrays))
        if not names:
            return
        columns = [arrays["expression_params"]]
        for field, extra in EXTRAS.items():
            if field in arrays:
                columns.append(arrays[field])
                names += extra
        rows = np.concatenate(columns, axis=1)
        rate = self._footage.frame_rate
        if rate is None:
            weights = dict(zip(names, rows[0].tolist(), strict=True))
            text = json.dumps(weights, indent=1) + "\n"
            (folder / "weights.json").write_text(text, encoding="utf-8")
            return
        text = _table(names, rows, arrays["valid"], float(rate))
        (folder / "weights.csv").write_text(text, encoding="utf-8")


def _table(
    names: Sequence[str], rows: np.ndarray, valid: np.ndarray, rate: float
) -> str:
    """Weights of a clip as comma-separated text; empty where there is no face."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["frame", "seconds", *names])
    for number, (row, known) in enumerate(zip(rows, valid, strict=True)):
        cells = [f"{value:.5f}" for value in row] if known else [""] * len(names)
        writer.writerow([number, f"{number / rate:.4f}", *cells])
    return text.getvalue()
