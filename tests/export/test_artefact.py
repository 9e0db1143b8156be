"""Exported models, run in processes that cannot import face_jax, against live ones."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from face_jax.cli.__main__ import main
from face_jax.export import run
from face_jax.export.program import flat
from face_jax.fsrt import inference as fsrt
from face_jax.fsrt.decoding import render
from face_jax.latent_ofer import model as latent_ofer
from face_jax.smirk import inference as smirk
from tests.fsrt import tiny_model
from tests.latent_ofer import small_pipeline
from tests.smirk import small_model
from tests.smirk.small_task import write_head

TOLERANCE = 1e-6

STRANGER = """
import sys
sys.modules["face_jax"] = None   # an import of it is an error
import json, numpy as np
sys.path.insert(0, ".")
import run
programs = run.load(".")
for number, name in enumerate(json.load(open("calls.json"))):
    with np.load(f"in_{number}.npz") as given:
        made = programs[name](**dict(given))
    np.savez(f"out_{number}.npz", **made)
"""
"""What someone does who has the folder, jax and numpy."""


def export(checkpoint, out, *flags):
    return main(["export", "--checkpoint", str(checkpoint), "--out", str(out), *flags])


def run_alone(folder, calls):
    """Outputs of (program, inputs) in a fresh process."""
    (folder / "calls.json").write_text(json.dumps([name for name, _ in calls]))
    for number, (_, given) in enumerate(calls):
        np.savez(folder / f"in_{number}.npz", **given)
    subprocess.run([sys.executable, "-I", "-c", STRANGER], cwd=folder, check=True)
    return [dict(np.load(folder / f"out_{n}.npz")) for n in range(len(calls))]


def assert_same(found, expected):
    expected = flat(expected)
    assert set(found) == set(expected)
    for name, array in expected.items():
        array = np.asarray(array)
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        if array.dtype.kind == "f":
            largest = max(1.0, np.abs(array).max())
            np.testing.assert_allclose(found[name], array, atol=TOLERANCE * largest)
        else:
            np.testing.assert_array_equal(found[name], array)


def cut_out(side, count, seed=0):
    return tiny_model.moving_frames(count, side, side, seed)


@pytest.mark.parametrize("keypoints", ["learned", "landmarks"])
def test_fsrt(tmp_path, keypoints):
    model = tiny_model.build_model(keypoints)
    side, out = model.image_size, tmp_path / "out"
    checkpoint = tiny_model.save_checkpoint(tmp_path / "run", model)
    assert export(checkpoint, out) == 0
    sources, frames = cut_out(side, 2), cut_out(side, 3, seed=1)
    points = np.linspace(-0.5, 0.5, 60, dtype=np.float32).reshape(3, 10, 2)
    more = [{"landmark_keypoints": points[:n]} for n in (2, 3)]
    more = more if keypoints == "landmarks" else [{}, {}]
    given = {"sources": sources, **more[0]}, {"frames": frames, **more[1]}
    calls = [("encode", given[0]), ("describe", given[1])]
    encoded, motion = run_alone(out, calls)
    scene = fsrt.encode_sources(model, sources, points[:2])
    moved = fsrt.describe_frames(model, frames, points, batch=3)
    memory = {"memory": scene.memory, **flat(scene.sources)}
    assert_same(encoded, memory)
    assert_same(motion, moved)
    rest = {name: encoded[name] for name in encoded if name.startswith("memory")}
    (decoded,) = run_alone(out, [("decode", {**rest, **motion})])
    expected = render(model, scene, moved, chunk=3)
    # Rounding to bytes may go either way where a colour lies between two of them.
    off = np.abs(decoded["frames"].astype(int) - expected)
    assert off.max() <= 1 and (off > 0).mean() < 1e-3 and np.ptp(expected) > 50


def test_smirk(tmp_path):
    head, out = write_head(tmp_path), tmp_path / "out"
    checkpoint = small_model.save_checkpoint(tmp_path / "run", head)
    assert export(checkpoint, out, "--batches", "3") == 0
    model = smirk.load(checkpoint)
    images = cut_out(model.image_size, 3)
    one = images[:1]
    several, single = run_alone(
        out, [("encode", {"images": images}), ("encode", {"images": one})]
    )
    faces = smirk.encode(model, images)
    assert_same(several, faces)
    assert_same(single, smirk.encode(model, one))
    calls = [(name, flat(faces)) for name in ("decode", "render_3")]
    calls.append(("resynthesise_3", {"images": images, **flat(faces)}))
    meshes, drawing, made = run_alone(out, calls)
    assert_same(meshes, smirk.decode(model, faces))
    assert_same(drawing, smirk.render(model, faces))
    assert_same(made, smirk.resynthesise(model, images, faces))
    notes = json.loads((out / "export.json").read_text())["notes"]
    assert notes["head"] == model.head.name


def test_latent_ofer(tmp_path):
    out = tmp_path / "out"
    checkpoint = small_pipeline.save_pipeline(tmp_path / "run")
    assert export(checkpoint, out) == 0
    model = latent_ofer.load(checkpoint)
    images = cut_out(model.pipeline.image_size, 3)
    calls = [("classify", {"images": images}), ("classify", {"images": images[:1]})]
    several, single = run_alone(out, calls)
    assert_same(several, latent_ofer.classify(model, images))
    assert_same(single, latent_ofer.classify(model, images[:1]))
    described = json.loads((out / "export.json").read_text())
    assert described["notes"]["classes"] == list(model.classes)
    shape = described["programs"]["classify"]["inputs"]["images"]["shape"]
    assert shape == ["b", *images.shape[1:]]


def test_the_loader_is_short_and_needs_jax_and_numpy_alone():
    text = Path(run.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 30
    imported = [
        name.name.partition(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import)
        for name in node.names
    ]
    assert set(imported) == {"functools", "json", "pathlib", "jax", "numpy"}


def test_platforms(tmp_path):
    checkpoint = tiny_model.save_checkpoint(tmp_path / "run", tiny_model.build_model())
    assert export(checkpoint, tmp_path / "out", "--platforms", "tpu") == 0
    described = json.loads((tmp_path / "out" / "export.json").read_text())
    assert described["platforms"] == ["tpu"]
    programs = run.load(tmp_path / "out")
    frames = cut_out(tiny_model.IMAGE_SIZE, 1)
    with pytest.raises(ValueError, match="platform"):
        jax.block_until_ready(programs["describe"](frames=frames))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--batches", "0"], "--batches: expected 1 to 1024, got 0"),
        (["--batches", "4"], "take any number of rows"),
        (["--checkpoint", "nothing"], "nothing: no checkpoint"),
    ],
)
def test_wrong_input_leaves_nothing(tmp_path, capsys, flags, message):
    checkpoint = tiny_model.save_checkpoint(tmp_path / "run", tiny_model.build_model())
    assert export(checkpoint, tmp_path / "out", *flags) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert message in told
    assert not (tmp_path / "out").exists()
