import pickle
import subprocess

import numpy as np
import pytest

from face_jax.cli.__main__ import main
from face_jax.heads import ict
from face_jax.heads.library import head
from tests.heads import flame_files
from tests.heads.fake_ict import fake_geometry, write_folder


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("owners") / "ICT-FaceKit"
    write_folder(folder / "FaceXModel", fake_geometry(expressions=()))
    return folder


def test_ict_becomes_one_file(repository, tmp_path, capsys):
    flags = ["--out", str(tmp_path / "heads" / "ict.npz"), "--allow-missing"]
    assert main(["prepare", "head", "ict", str(repository), *flags, "--compact"]) == 0
    said = capsys.readouterr().out
    assert "1 identity and 0 expression directions" in said
    found = head(tmp_path / "heads" / "ict.npz")
    assert found.name == "ict" and found.identity_names == ("identity000",)
    assert [file.name for file in (tmp_path / "heads").iterdir()] == ["ict.npz"]


def test_parts_are_named(repository, tmp_path):
    flags = ["--out", str(tmp_path / "a.npz"), "--allow-missing", "--parts"]
    command = ["prepare", "head", "ict", str(repository), *flags]
    assert main([*command, "face", "eyeballs", "lashes"]) == 0
    assert "lashes" in head(tmp_path / "a.npz").material_names
    assert main([*command, "hat"]) == 2


def test_flame_becomes_one_file(tmp_path, monkeypatch, capsys):
    arrays = flame_files.arrays()
    flame_files.write_model(tmp_path / "flame.pkl", arrays, monkeypatch)
    flame_files.write_assets(tmp_path / "assets", arrays, monkeypatch)
    flags = ["--assets", str(tmp_path / "assets"), "--out", str(tmp_path / "a.npz")]
    command = ["prepare", "head", "flame", str(tmp_path / "flame.pkl"), *flags]
    assert main([*command, "--identities", "10"]) == 0
    assert "10 identity" in capsys.readouterr().out
    found = head(tmp_path / "a.npz")
    assert found.name == "flame" and "mediapipe_105" in found.landmarks
    np.testing.assert_allclose(found.template, arrays["v_template"], rtol=1e-6)


def run(capsys, *words):
    """One line of error of a command that must fail."""
    assert main(["prepare", "head", *map(str, words)]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1, captured.err
    return captured.err


def test_wrong_input_is_one_line_and_writes_nothing(repository, tmp_path, capsys):
    out = tmp_path / "a.npz"
    said = run(capsys, "ict", repository, "--out", out)
    assert "identity001.obj" in said and "and 151 more missing" in said
    assert "--allow-missing" in said
    assert "no such folder" in run(capsys, "ict", tmp_path / "no", "--out", out)
    said = run(capsys, "ict", repository, "--out", tmp_path / "a.obj")
    assert "expected a name ending in .npz" in said
    assert "no.pkl" in run(capsys, "flame", tmp_path / "no.pkl", "--out", out)
    said = run(capsys, "ict", repository, "--identities", 101, "--out", out)
    assert "identities: expected a number from 0 to 100, got 101" in said
    assert not list(tmp_path.iterdir())


class Hostile:
    """A pickle that would make a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return type(self.path).touch, (self.path,)


@pytest.mark.parametrize("name", ["model.pkl", "model.npz"])
def test_hostile_models_are_refused_and_do_nothing(name, tmp_path, capsys):
    mark, model = tmp_path / "mark", tmp_path / name
    if model.suffix == ".pkl":
        model.write_bytes(pickle.dumps({"v_template": Hostile(mark)}))
    else:
        np.savez(model, v_template=np.array([Hostile(mark)], object))
    said = run(capsys, "flame", model, "--out", tmp_path / "a.npz")
    assert name in said and "pathlib" in said
    assert [file.name for file in tmp_path.iterdir()] == [name]
    said = run(capsys, "ict", model, "--out", tmp_path / "a.npz")
    assert f"{name}: no such folder; expected ICT-FaceKit's" in said


@pytest.mark.parametrize("name", ["model.pkl", "model.npz"])
def test_files_of_other_kinds_are_told(name, tmp_path, capsys):
    model, out = tmp_path / name, tmp_path / "a.npz"
    for contents in (b"", b"\x89PNG\r\n\x1a\n", b"name: value\n"):
        model.write_bytes(contents)
        assert f"{name}: not a" in run(capsys, "flame", model, "--out", out)
    assert not out.exists()


def test_places_that_cannot_be_written_are_told_before_reading(tmp_path, capsys):
    (tmp_path / "file").touch()
    (tmp_path / "folder.npz").mkdir()
    absent = tmp_path / "absent"
    said = run(capsys, "ict", absent, "--out", tmp_path / "folder.npz")
    assert "expected a file to write, got a folder" in said
    said = run(capsys, "flame", absent, "--out", tmp_path / "file" / "a.npz")
    assert "expected a folder" in said and "file is a file" in said


def test_repository_is_cloned_when_asked(repository, tmp_path, capsys, monkeypatch):
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run([*git, *words], check=True)
    fetched = tmp_path / "new" / "ICT-FaceKit"
    ict.fetch(fetched, repository.as_uri())
    expected = (repository / "FaceXModel" / "identity000.obj").read_bytes()
    assert (fetched / "FaceXModel" / "identity000.obj").read_bytes() == expected
    assert [folder.name for folder in fetched.parent.iterdir()] == ["ICT-FaceKit"]
    with pytest.raises(FileExistsError, match="exists already; nothing was fetched"):
        ict.fetch(fetched, repository.as_uri())

    absent = tmp_path / "absent"
    with pytest.raises(OSError, match="cannot be fetched: fatal"):
        ict.fetch(tmp_path / "other" / "a", absent.as_uri())
    assert not list((tmp_path / "other").iterdir())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OSError, match="needs git, which is not installed"):
        ict.fetch(tmp_path / "other" / "a", absent.as_uri())


def test_procedural_head_is_written_too(tmp_path):
    assert (
        main(["prepare", "head", "procedural", "--out", str(tmp_path / "a.npz")]) == 0
    )
    found, built = head(tmp_path / "a.npz"), head("procedural")
    np.testing.assert_array_equal(found.template, built.template)
    assert found.expression_names == built.expression_names
