"""The README's Python: its scripts parse, what they import is there, one is run."""

import ast
import re
from pathlib import Path

import pytest

from data_pipelines.video import VideoWriter, read_image, write_image
from tests.fsrt import tiny_model

README = Path(__file__).parent.parent / "README.md"
SCRIPTS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("script", SCRIPTS)
def test_everything_that_is_imported_is_there(script):
    imports = [
        node
        for node in ast.parse(script).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert imports
    exec(compile(ast.Module(imports, []), "README.md", "exec"), {})


def test_from_a_checkpoint_to_the_first_reenacted_frame(tmp_path, monkeypatch):
    (script,) = [text for text in SCRIPTS if "face_jax.load" in text]
    assert len([line for line in script.splitlines() if line]) <= 12
    tiny_model.save_checkpoint(tmp_path / "weights" / "fsrt", tiny_model.build_model())
    frames = tiny_model.moving_frames(30)
    write_image(tmp_path / "me.png", frames[0])
    with VideoWriter(tmp_path / "talk.mp4", fps=25) as writer:
        for frame in frames:
            writer.write(frame)
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(compile(script, "README.md", "exec"), found)
    side = tiny_model.IMAGE_SIZE
    assert found["video"].shape == (25, side, side, 3)
    assert (read_image(tmp_path / "first.png") == found["video"][0]).all()
    assert found["video"].std() > 10
