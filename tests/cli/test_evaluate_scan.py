import json

import numpy as np
import pytest

from face_jax.cli.__main__ import main
from face_jax.geometry.landmarks import landmarks_7
from face_jax.heads.procedural import procedural_head
from face_jax.mesh_files import Surface, save_mesh


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A head in metres, vertices of its face in millimetres as a scan, landmarks."""
    folder, head = tmp_path_factory.mktemp("scan"), procedural_head()
    vertices, faces = np.asarray(head.template), np.asarray(head.faces)
    save_mesh(folder / "mesh.obj", Surface(vertices, faces))
    face = vertices[np.asarray(head.regions["face"])][::6]
    lines = ["v {} {} {}".format(*point) for point in 1000 * face + [5, 0, 0]]
    (folder / "scan.obj").write_text("\n".join(lines))
    landmarks = np.asarray(landmarks_7(head, vertices), np.float64)
    np.save(folder / "mesh.npy", landmarks)
    rows = [", ".join(map(str, point)) for point in 1000 * landmarks + [5, 0, 0]]
    (folder / "scan.txt").write_text("\n".join(rows))
    return folder


def command(files, *flags):
    scan = ["--scan-landmarks", str(files / "scan.txt")]
    given = [str(files / name) for name in ("mesh.obj", "scan.obj")]
    return main(["evaluate", "scan", *given, *scan, *map(str, flags)])


def test_a_scan_of_the_mesh_itself(files, capsys):
    out = files / "numbers" / "errors.json"
    status = command(
        files, "--head", "procedural", "--metrical", "--unit", 1000, "--out", out
    )
    assert status == 0
    printed, report = capsys.readouterr().out, json.loads(out.read_text())
    assert printed.startswith("median ") and "vertices, unit of the scan" in printed
    assert report["metrical"] and report["scale"] == 1000
    assert len(report["distances"]) > 100 and max(report["distances"]) < 0.01
    assert report["median"] <= report["mean"] < 0.01
    np.testing.assert_allclose(report["translation"], [5, 0, 0], atol=0.01)
    assert [path.name for path in out.parent.iterdir()] == ["errors.json"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--head", "procedural", "--unit", 0), "--unit: expected above 0, got 0"),
        (("--landmarks", "scan.obj"), "scan.obj: expected 7 lines of x y z"),
        (
            ("--landmarks", "five.npy"),
            r"five.npy: expected landmarks [7, 3], got [5, 3]",
        ),
        (("--head", "tiny.npz"), "tiny.npz: no such head"),
    ],
)
def test_input_that_does_not_fit_is_named(files, flags, message, capsys, monkeypatch):
    monkeypatch.chdir(files)
    np.save("five.npy", np.zeros((5, 3)))
    assert command(files, *flags) == 2
    assert message in capsys.readouterr().err


def test_another_mesh_is_not_one_of_the_head(files, capsys):
    given = [str(files / "scan.obj")] * 2
    scan = ["--scan-landmarks", str(files / "scan.txt")]
    assert main(["evaluate", "scan", *given, *scan, "--head", "procedural"]) == 2
    assert "expected the 5230 vertices of the head" in capsys.readouterr().err
