import numpy as np
import pytest

from face_jax.mesh_files import Surface, save_mesh
from face_jax.mesh_files.reading import read_mesh

VERTICES = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
FACES = np.array([[0, 1, 2], [2, 3, 4], [4, 5, 0]], np.int32)


@pytest.mark.parametrize("ending", ["obj", "ply"])
def test_what_is_saved_is_read(ending, tmp_path):
    path = tmp_path / f"mesh.{ending}"
    save_mesh(path, Surface(VERTICES, FACES))
    found = read_mesh(path)
    np.testing.assert_array_equal(np.float32(found.vertices), VERTICES)
    np.testing.assert_array_equal(found.faces, FACES)


def test_seams_of_textures_do_not_change_the_vertices(tmp_path):
    uvs = np.random.default_rng(1).random((9, 2)).astype(np.float32)
    seams = np.arange(9, dtype=np.int32).reshape(3, 3)
    save_mesh(tmp_path / "a.obj", Surface(VERTICES, FACES, uvs=uvs, faces_uv=seams))
    assert len(read_mesh(tmp_path / "a.obj").vertices) == len(VERTICES)


def test_polygons_and_backward_numbers_of_obj(tmp_path):
    path = tmp_path / "a.obj"
    lines = ["# scan", "v 0 0 0 0.5 0.5 0.5", "v 1 0 0", "v 1 1 0", "v 0 1 0"]
    path.write_text("\n".join([*lines, "", "f 1/1/1 2//2 3 4", "f -4 -3 -1"]))
    found = read_mesh(path)
    np.testing.assert_array_equal(found.faces, [[0, 1, 2], [0, 2, 3], [0, 1, 3]])
    assert found.vertices.shape == (4, 3)


def test_points_alone_are_a_scan(tmp_path):
    (tmp_path / "a.obj").write_text("v 1 2 3\nv 4 5 6\n")
    header = "ply\nformat ascii 1.0\nelement vertex 2\n"
    header += "".join(f"property float {axis}\n" for axis in "xyz")
    (tmp_path / "a.ply").write_text(f"{header}end_header\n1 2 3\n4 5 6\n")
    for name in ("a.obj", "a.ply"):
        vertices, faces = read_mesh(tmp_path / name)
        np.testing.assert_array_equal(vertices, [[1, 2, 3], [4, 5, 6]])
        assert faces.shape == (0, 3)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.obj", "v 1 2\n", "line 1 is no 'v' of OBJ"),
        ("a.obj", "v 1 2 3\nf 1 1\n", "line 2 is no 'f' of OBJ"),
        ("a.obj", "v 1 2 3\nf 1 2 3\n", "faces name vertices that are not there"),
        ("a.obj", "v 1 2 nan\n", "expected vertices of finite numbers"),
        ("a.obj", "", "expected vertices of finite numbers, got others or none"),
        ("a.ply", "nothing", "no PLY file that can be read"),
        ("a.stl", "", r"expected a name ending in \.obj or \.ply"),
    ],
)
def test_files_that_are_none_are_refused(name, text, message, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        read_mesh(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_mesh(tmp_path / "missing.ply")
