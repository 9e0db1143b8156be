import math

import pytest

from face_jax.cli.outputs import check_file, check_folder, check_number, complete_files


def test_places_that_can_be_written_pass_and_are_not_made(tmp_path):
    check_folder(tmp_path)
    check_folder(tmp_path / "a" / "b")
    check_file(tmp_path / "a" / "b.json")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    check_file(tmp_path / "file")


@pytest.mark.parametrize("below", ["file", "file/a", "file/a/b"])
def test_folders_at_or_below_a_file_are_told(tmp_path, below):
    (tmp_path / "file").touch()
    with pytest.raises(
        NotADirectoryError,
        match=f"--out .*{below}: expected a folder, .*file is a file",
    ):
        check_folder(tmp_path / below)
    with pytest.raises(NotADirectoryError, match=f"--data .*{below}: expected"):
        check_file(tmp_path / below / "x.json", "--data")


def test_folders_where_a_file_belongs_are_told(tmp_path):
    with pytest.raises(IsADirectoryError, match="expected a file to write, got a"):
        check_file(tmp_path)


def test_files_appear_together(tmp_path):
    old = tmp_path / "a/b"
    old.mkdir(parents=True)
    (old / "kept").write_text("kept")
    (old / "x").write_text("old")
    with complete_files(old) as folder:
        (folder / "x").write_text("new")
        (folder / "more").mkdir()
        (folder / "more/y").write_text("new")
        assert (old / "x").read_text() == "old"
    found = {str(p.relative_to(old)): p for p in old.rglob("*") if p.is_file()}
    texts = {name: path.read_text() for name, path in found.items()}
    assert texts == {"kept": "kept", "x": "new", "more/y": "new"}
    assert [path.name for path in old.parent.iterdir()] == ["b"]


def test_an_error_leaves_no_files_and_no_folders(tmp_path):
    with (
        pytest.raises(ValueError, match="stopped"),
        complete_files(tmp_path / "new" / "deep") as folder,
    ):
        (folder / "x").write_text("half")
        raise ValueError("stopped")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [0, 11, math.nan, math.inf, -math.inf])
def test_numbers_out_of_their_range_are_told(value):
    with pytest.raises(ValueError, match=f"--heads: expected 1 to 10, got {value}"):
        check_number("--heads", value, 1, 10)


def test_numbers_between_the_steps_are_told():
    check_number("--size", 48, 16, 64, step=16)
    check_number("--size", 64, 16, 64, step=16)
    message = "--size: expected a multiple of 16, 16 to 64, got 50"
    with pytest.raises(ValueError, match=message):
        check_number("--size", 50, 16, 64, step=16)
