"""``face-jax prepare LAYOUT`` as its users run it."""

import json

import pytest

from data_pipelines.prepare.layouts import LAYOUTS
from data_pipelines.video import read_image
from face_jax.cli.__main__ import main
from tests.data_pipelines.prepare.replicas import BUILDERS


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "ffhq"
    folder.mkdir()
    BUILDERS["ffhq"](folder)
    return folder


def test_a_data_set_becomes_records_and_a_report(root, tmp_path, capsys):
    command = ["prepare", "ffhq", "--root", str(root), "--out", str(tmp_path / "out")]
    assert main([*command, "--workers", "0", "--longest-side", "48"]) == 0
    printed = capsys.readouterr().out
    assert "| bad landmarks |     1 |" in printed and "| unreadable" in printed
    report = (tmp_path / "out" / "report.md").read_text()
    assert "00000/00002.png: bad landmarks, landmarks lie in one point" in report
    assert read_image(tmp_path / "out" / "pictures.png").shape[1] > 8 * 96
    stored = json.loads((tmp_path / "out" / "report.json").read_text())
    assert sum(stored["files"].values()) == 2
    assert main([*command, "--workers", "0", "--longest-side", "48"]) == 0
    assert "is complete, nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ffhq", "--root", "nowhere"], "nowhere: no such folder"),
        (["raf_db", "--root", "ROOT"], "expected EmoLabel/list_patition_label.txt or "),
        (["ffhq", "--root", "ROOT", "--landmarks", "x"], "x: no such folder"),
        (["ffhq", "--root", "ROOT", "--longest-side", "3"], "--longest-side: expected"),
        (["ffhq", "--root", "ROOT", "--workers", "-1"], "--workers: expected"),
    ],
)
def test_wrong_arguments_are_one_line(root, tmp_path, capsys, arguments, message):
    given = [str(root) if word == "ROOT" else word for word in arguments]
    assert main(["prepare", *given, "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()


def test_every_layout_has_its_word(capsys):
    with pytest.raises(SystemExit):
        main(["prepare", "--help"])
    printed = capsys.readouterr().out
    assert all(layout.title.split(",")[0] in printed for layout in LAYOUTS.values())
