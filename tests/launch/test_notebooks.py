"""The notebooks of launch/colab, from top to bottom, with small settings."""

import os
import sys
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest

from tests.cli.clips import face_landmarks, write_clip_with_sound
from tests.fsrt.tiny_model import moving_frames

FOLDER = Path(__file__).parents[2] / "launch" / "colab"
SECONDS = 600
"""Longest time of a cell."""

SETTINGS = {
    "fsrt": 'MINUTES, CONFIG = 0.01, "configs/fsrt/demo.py:learned,smoke"',
    "your_clip": (
        'CLIP, MINUTES, CONFIG = "me.mp4", 0.01, "configs/fsrt/demo.py:smoke"\n'
        'LANDMARKS = "me.npy"'
    ),
    "smirk": 'PICTURES, STEPS, CONFIG = 100, 2, "configs/smirk/synthetic80.py:smoke"',
    "latent_ofer": 'PICTURES, CONFIG = 200, "configs/latent_ofer/synthetic64.py:smoke"',
}
"""By the names of notebooks: what is run after the cell ``parameters``."""


def tagged(notebook, tag):
    return [c for c in notebook.cells if tag in c.metadata.get("tags", ())]


def read(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def printed(notebook):
    outputs = [output for c in notebook.cells for output in c.get("outputs", ())]
    return "".join(output.get("text", "") for output in outputs)


def test_all_notebooks_are_run():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_notebooks_are_stored_clean(name):
    notebook = read(name)
    nbformat.validate(notebook)
    assert len(tagged(notebook, "install")) == len(tagged(notebook, "parameters")) == 1
    for cell in notebook.cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_notebooks_run_from_top_to_bottom(name, tmp_path, monkeypatch):
    write_clip_with_sound(tmp_path / "me.mp4", moving_frames(40, 96, 128))
    np.save(tmp_path / "me.npy", face_landmarks(40, 128, 96))
    notebook = read(name)
    (install,), (parameters,) = (
        tagged(notebook, tag) for tag in ("install", "parameters")
    )
    notebook.cells.remove(install)
    parameters.source += "\n" + SETTINGS[name]
    # `!face-jax` is the one beside the interpreter of the tests.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    client = nbclient.NotebookClient(
        notebook, timeout=SECONDS, resources={"metadata": {"path": str(tmp_path)}}
    )
    try:
        client.execute()
    finally:
        # Commands do not stop a notebook: what they said tells the cause.
        said = printed(notebook)
        assert "error:" not in said and "Traceback" not in said, said
