"""Runs what ``face-jax export`` wrote beside this file; needs jax and numpy alone.

programs = load(".")
outputs = programs["encode"](images=pictures)   # names and shapes are in export.json
"""

import functools
import json
import pathlib

import jax
import numpy as np
from jax import export


def load(folder):
    """Programs by name: functions of named arrays that return arrays by name."""
    folder = pathlib.Path(folder)
    described = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    with np.load(folder / "weights.npz", allow_pickle=False) as file:
        weights = jax.device_put({name: file[name] for name in file.files})
    programs = {}
    for name, entry in described["programs"].items():
        program = export.deserialize(bytearray((folder / entry["file"]).read_bytes()))
        programs[name] = functools.partial(_call, jax.jit(program.call), weights)
    return programs


def _call(program, weights, **inputs):
    return program(weights, inputs)
