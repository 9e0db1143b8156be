import json

import pytest

from face_jax.cli.__main__ import main


@pytest.mark.slow
def test_the_head_behind_a_picture_is_found(tmp_path, capsys):
    flags = ["--heads", "2", "--out", str(tmp_path)]
    assert main(["fit", *flags]) == 0
    assert "**everything**" in capsys.readouterr().out
    report = json.loads((tmp_path / "report.json").read_text())["fits"]
    everything = report["everything"]
    rigid = report["pose and camera alone"]
    blind = report["everything, without silhouette gradients"]
    for head in range(2):
        assert everything["pose_degrees"][0][head] == pytest.approx(20.0, abs=0.1)
        assert everything["pose_degrees"][-1][head] < 1.0
        error = everything["vertex_errors"][-1][head]
        assert error < 0.01 and error < 0.5 * rigid["vertex_errors"][-1][head]
    assert sum(blind["vertex_errors"][-1]) > sum(everything["vertex_errors"][-1])
    for name in ("fit.png", "curves.png", "report.md"):
        assert (tmp_path / name).stat().st_size > 100


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--steps", "30"], "--steps: expected a multiple of 25, 25 to 100000, got 30"),
        (["--size", "100"], "--size: expected a multiple of 16, 16 to 2048, got 100"),
        (["--size", "16000"], "--size: expected a multiple of 16, 16 to 2048"),
        (["--heads", "0"], "--heads: expected 1 to 256, got 0"),
        (["--degrees", "nan"], "--degrees: expected 0 to 180, got nan"),
        (["--seed", "-1"], "--seed: expected 0 to 4294967295, got -1"),
        (["--head", "nonsense"], "nonsense: no such head; expected 'procedural' or a"),
        (["--head", __file__], "test_fit.py: not a readable .npz file"),
        (["--out", __file__], "expected a folder, "),
        (["--out", f"{__file__}/below"], "test_fit.py is a file"),
    ],
)
def test_wrong_input_is_one_line_and_writes_nothing(flags, message, tmp_path, capsys):
    assert main(["fit", "--out", str(tmp_path / "fit"), *flags]) == 2
    told = capsys.readouterr().err
    assert message in told and told.count("\n") == 1
    assert not list(tmp_path.iterdir())
