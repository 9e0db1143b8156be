"""The folder that an exported model is: programs, weights, and how to run them."""

import importlib.metadata
import importlib.resources
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import export

from face_jax.export.program import Exportable, Program, flat, like
from face_jax.types import PyTree

DESCRIPTION, WEIGHTS, LOADER, ENDING = (
    "export.json",
    "weights.npz",
    "run.py",
    ".stablehlo",
)


def write(
    folder: Path,
    model: Exportable,
    platforms: Sequence[str],
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Writes an exported model.

    Args:
      folder: an empty one; gets ``export.json``, ``weights.npz``, ``run.py`` and a file
        for each program.
      model: what is exported.
      platforms: where the programs shall run.
      progress: told how many programs are written.

    Returns:
      What ``export.json`` holds.
    """
    described = {}
    for done, (name, program) in enumerate(model.programs.items()):
        exported = lower(program, model.weights, platforms)
        file = f"{name}{ENDING}"
        (folder / file).write_bytes(exported.serialize())
        described[name] = {"file": file, "purpose": program.purpose} | _shapes(exported)
        progress(done + 1)
    # Not compressed: it takes minutes and saves a tenth of random-looking numbers.
    arrays = {name: np.asarray(leaf) for name, leaf in flat(model.weights).items()}
    with (folder / WEIGHTS).open("wb") as weights:
        np.savez(weights, allow_pickle=False, **arrays)
    text = importlib.resources.files("face_jax.export").joinpath(LOADER).read_text()
    (folder / LOADER).write_text(text, encoding="utf-8")
    content = {
        "system": model.system,
        "programs": described,
        "notes": dict(model.notes),
        "platforms": list(platforms),
        "jax": jax.__version__,
        "face_jax": importlib.metadata.version("face-jax"),
    }
    (folder / DESCRIPTION).write_text(json.dumps(content, indent=1), encoding="utf-8")
    return content


def lower(
    program: Program, weights: PyTree, platforms: Sequence[str]
) -> export.Exported:
    """A program for several platforms.

    Args:
      program: what is lowered.
      weights: the model's arrays.
      platforms: where it shall run.

    Returns:
      A function of weights and inputs, both flat by name.
    """

    def function(
        leaves: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> dict[str, Any]:
        return program.function(like(weights, leaves), inputs)

    shapes = {
        name: jax.ShapeDtypeStruct(np.shape(leaf), leaf.dtype)
        for name, leaf in flat(weights).items()
    }
    return export.export(jax.jit(function), platforms=platforms)(
        shapes, dict(program.inputs)
    )


def _shapes(exported: export.Exported) -> dict[str, Any]:
    """Inputs and outputs by name, as text: symbols are letters."""
    (_, inputs), _ = jax.tree.unflatten(exported.in_tree, exported.in_avals)
    outputs = jax.tree.unflatten(exported.out_tree, exported.out_avals)
    return {
        kind: {
            name: {
                "shape": [n if isinstance(n, int) else str(n) for n in aval.shape],
                "dtype": str(aval.dtype),
            }
            for name, aval in avals.items()
        }
        for kind, avals in (("inputs", inputs), ("outputs", outputs))
    }
