"""Published files to a checkpoint and back, as a user does it."""

import json

import jax
import numpy as np
import pytest

from face_jax.cli import __main__ as console
from face_jax.cli.convert import parse_settings
from face_jax.convert.torch_archive import TorchArchive
from face_jax.fsrt.model import load
from face_jax.train.checkpoints import load_variables
from tests.small_published import published_files, small_settings


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return published_files("fsrt", "", tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def converted(files, tmp_path_factory):
    out = tmp_path_factory.mktemp("converted") / "fsrt"
    assert console.main([*command(files), "--out", str(out)]) == 0
    return out


def command(files):
    networks = small_settings("fsrt", "")["networks"]
    return ["convert", "fsrt", *map(str, files[2]), "--set", f"networks={networks}"]


def test_a_converted_model_is_one_to_load(files, converted):
    variables = files[1]
    model = load(converted)
    assert model.image_size == 32
    jax.tree.map(
        np.testing.assert_array_equal,
        dict(model.variables),
        {name: tree for name, tree in variables.items() if name != "discriminator"},
    )


def test_the_report_tells_where_weights_come_from(files, converted, capsys):
    report = json.loads((converted / "conversion.json").read_text())
    assert [file["name"] for file in report["files"]] == [p.name for p in files[2]]
    assert all(len(file["sha256"]) == 64 for file in report["files"])
    assert report["used"]["decoder.render_mlp.2.bias"] == [3]
    assert "kp_detector.down.weight" in report["ignored"]
    assert console.main(["info", str(converted), "--names"]) == 0
    shown = capsys.readouterr().out
    for text in (
        "system: fsrt",
        "FSRT states no licence",
        report["files"][0]["sha256"],
    ):
        assert text in shown
    assert f"used: {len(report['used'])} arrays" in shown
    assert "decoder.render_mlp.2.bias [3]" in shown


def test_what_is_written_for_pytorch_is_what_was_read(files, converted, tmp_path):
    out = tmp_path / "torch"
    arguments = ["to-torch", "--checkpoint", str(converted), "--out", str(out)]
    assert console.main(arguments) == 0
    for path in files[2]:
        with TorchArchive(path) as old, TorchArchive(out / path.name) as new:
            old_arrays, new_arrays = flat(old), flat(new)
        assert list(old_arrays) == list(new_arrays)
        for name, array in old_arrays.items():
            assert array.dtype == new_arrays[name].dtype
            assert array.tobytes() == new_arrays[name].tobytes()


def flat(archive):
    found = {}
    for name, value in archive.content.items():
        inner = value if isinstance(value, dict) else {"": value}
        found |= {(name, key): archive.read(tensor) for key, tensor in inner.items()}
    return found


def test_a_stage_of_training_goes_to_pytorch_too(tmp_path, capsys):
    """By the kind that its system has, or by another one of the same networks."""
    _, variables, paths = published_files("dan", "", tmp_path)
    arguments = ["convert", "dan", str(paths[0]), "--out", str(tmp_path / "dan")]
    for key, value in small_settings("dan", "").items():
        arguments += ["--set", f"{key}={value}"]
    assert console.main(arguments) == 0
    (tmp_path / "dan" / "conversion.json").unlink()
    out = ["--checkpoint", str(tmp_path / "dan"), "--out", str(tmp_path / "torch")]
    assert console.main(["to-torch", *out]) == 0
    assert console.main(["to-torch", *out, "--kind", "expression"]) == 0
    assert sorted(p.name for p in (tmp_path / "torch").iterdir()) == [
        "dan.pt",
        "expression.pt",
    ]
    found, config = load_variables(tmp_path / "dan")
    assert config["system"] == "latent_ofer.expression"
    jax.tree.map(np.testing.assert_array_equal, dict(found), variables)
    assert console.main(["to-torch", *out, "--kind", "mica"]) == 2
    assert "no mica (MICA's archive); found none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: [*a[:2], "none.pt", *a[4:]], "none.pt: no such file of weights"),
        (lambda a: [*a, "--set", "networks"], "--set networks: expected KEY=VALUE"),
        (lambda a: [*a[:2], *a[3:]], "weights do not fit: no "),
        (
            lambda a: [*a, "--set", "networks.fps=1"],
            "unexpected keyword argument 'fps'",
        ),
    ],
)
def test_wrong_input_is_one_line_and_leaves_nothing(
    files, tmp_path, capsys, change, message
):
    arguments = change(command(files))
    assert console.main([*arguments, "--out", str(tmp_path / "new")]) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.count("\n") == 1
    assert not captured.out
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_is_not_replaced(files, converted, capsys):
    assert console.main([*command(files), "--out", str(converted)]) == 2
    assert "there is a checkpoint already" in capsys.readouterr().err


def test_settings_nest():
    found = parse_settings(["a.b=1", "a.c=x/y.npz", "d=None", "a.e.f=[1, 2]"])
    assert found == {"a": {"b": 1, "c": "x/y.npz", "e": {"f": [1, 2]}}, "d": None}


def test_info_of_nothing(tmp_path, capsys):
    assert console.main(["info", str(tmp_path)]) == 2
    assert "no checkpoint" in capsys.readouterr().err
