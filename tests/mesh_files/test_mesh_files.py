import dataclasses

import numpy as np
import pytest
import trimesh

from face_jax.mesh_files import (
    Surface,
    head_surface,
    save_mesh,
    save_sequence,
    save_shapes,
)
from tests.heads.tiny_head import bare_head, full_head
from tests.mesh_files.glb_reader import Glb


def octahedron() -> Surface:
    """A unit octahedron whose texture is torn along its equator."""
    vertices = np.array(
        [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    )
    turn = np.arange(4)
    front = np.stack([turn, (turn + 1) % 4, 0 * turn + 4], 1)
    back = np.stack([(turn + 1) % 4, turn, 0 * turn + 5], 1)
    faces = np.concatenate([front, back])
    faces_uv = np.concatenate([front, back + 5])
    rng = np.random.default_rng(0)
    return Surface(
        # Thirds are no short decimals.
        vertices=vertices / np.float32(3),
        faces=faces,
        colors=rng.uniform(size=(6, 3)),
        uvs=rng.uniform(size=(11, 2)),
        faces_uv=faces_uv,
    )


def plain() -> Surface:
    return dataclasses.replace(octahedron(), colors=None, uvs=None, faces_uv=None)


@pytest.mark.parametrize("surface", [plain(), octahedron()])
def test_normals_of_an_octahedron_point_along_its_axes(surface):
    np.testing.assert_allclose(surface.normals(), 3 * surface.vertices, atol=1e-6)


@pytest.mark.parametrize("surface", [plain(), octahedron()])
def test_obj_comes_back_exactly(tmp_path, surface):
    path = tmp_path / "new" / "a.obj"
    save_mesh(path, surface)
    assert [file.name for file in path.parent.iterdir()] == ["a.obj"]
    lines = path.read_text().splitlines()
    rows = [line.split()[1:] for line in lines if line.startswith("v ")]
    numbers = np.array(rows, dtype=np.float32)
    np.testing.assert_array_equal(numbers[:, :3], surface.vertices)
    corners = [line.split()[1:] for line in lines if line.startswith("f ")]
    faces = np.array([[c.split("/") for c in face] for face in corners])
    np.testing.assert_array_equal(faces[..., 0].astype(int) - 1, surface.faces)
    np.testing.assert_array_equal(faces[..., 2], faces[..., 0])
    if surface.uvs is not None:
        np.testing.assert_array_equal(numbers[:, 3:], surface.colors)
        np.testing.assert_array_equal(faces[..., 1].astype(int) - 1, surface.faces_uv)


def test_a_mesh_library_reads_the_obj(tmp_path):
    save_mesh(tmp_path / "a.obj", plain())
    mesh = trimesh.load(tmp_path / "a.obj", process=False, maintain_order=True)
    np.testing.assert_allclose(mesh.vertices, plain().vertices, atol=1e-7)
    np.testing.assert_array_equal(mesh.faces, plain().faces)


def test_ply_holds_colours_and_doubled_seams(tmp_path):
    surface = octahedron()
    save_mesh(tmp_path / "a.ply", surface)
    mesh = trimesh.load(tmp_path / "a.ply", process=False)
    rows, texture_rows, faces = surface.seams()
    assert len(mesh.vertices) == 10  # poles once, equator twice
    np.testing.assert_array_equal(
        mesh.vertices.astype(np.float32), surface.vertices[rows]
    )
    np.testing.assert_array_equal(mesh.faces, faces)
    raw = mesh.metadata["_ply_raw"]["vertex"]["data"]
    found = np.stack([raw[name].ravel() for name in ("red", "green", "blue")], -1)
    np.testing.assert_allclose(found / 255, surface.colors[rows], atol=0.501 / 255)
    np.testing.assert_array_equal(raw["s"].ravel(), surface.uvs[texture_rows, 0])
    np.testing.assert_allclose(
        raw["nz"].ravel(), 3 * surface.vertices[rows, 2], atol=1e-6
    )


def test_glb_of_one_mesh(tmp_path):
    surface = octahedron()
    save_mesh(tmp_path / "a.glb", surface)
    glb = Glb((tmp_path / "a.glb").read_bytes())
    rows, texture_rows, faces = surface.seams()
    np.testing.assert_array_equal(glb.attribute("POSITION"), surface.vertices[rows])
    np.testing.assert_array_equal(glb.faces(), faces)
    np.testing.assert_allclose(
        glb.attribute("NORMAL"), 3 * surface.vertices[rows], atol=1e-6
    )
    flipped = glb.attribute("TEXCOORD_0") * [1, -1] + [0, 1]  # v runs down in glTF
    np.testing.assert_allclose(flipped, surface.uvs[texture_rows], atol=1e-6)
    assert "targets" not in glb.primitive and "animations" not in glb.tree
    material = glb.tree["materials"][glb.primitive["material"]]
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0


def test_glb_without_texture_keeps_its_vertices(tmp_path):
    grey = dataclasses.replace(plain(), colors=np.full((6, 3), 0.5))
    save_mesh(tmp_path / "a.glb", grey)
    glb = Glb((tmp_path / "a.glb").read_bytes())
    np.testing.assert_array_equal(glb.attribute("POSITION"), grey.vertices)
    # Half of what is displayed is 21.4 % of the light.
    np.testing.assert_array_equal(glb.attribute("COLOR_0"), [[55, 55, 55, 255]] * 6)


def frames(count):
    stretch = 1 + 0.1 * np.arange(count)[:, None, None] * np.array([1, 0, 2])
    return (octahedron().vertices * stretch).astype(np.float32)


def test_glb_sequence_shows_every_frame_at_its_time(tmp_path):
    surface, moving = octahedron(), frames(5)
    assert save_sequence(tmp_path / "a.glb", surface, moving, 10) == [
        tmp_path / "a.glb"
    ]
    glb = Glb((tmp_path / "a.glb").read_bytes())
    (animation,) = glb.tree["animations"]
    (channel,) = animation["channels"]
    sampler = animation["samplers"][channel["sampler"]]
    assert channel["target"]["path"] == "weights"
    assert "mesh" in glb.tree["nodes"][channel["target"]["node"]]
    times = glb.array(sampler["input"])[:, 0]
    np.testing.assert_allclose(times, np.arange(5) / 10, rtol=1e-6)
    weights = glb.array(sampler["output"]).reshape(5, 5)
    shown = np.einsum("tn,nvc->tvc", weights, glb.targets("POSITION"))
    rows = surface.seams()[0]
    np.testing.assert_allclose(
        shown + glb.attribute("POSITION"), moving[:, rows], atol=1e-7
    )
    normals = glb.targets("NORMAL") + glb.attribute("NORMAL")
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-6)


@pytest.mark.parametrize("ending", ["obj", "ply"])
def test_sequences_of_files_are_numbered(tmp_path, ending):
    files = save_sequence(tmp_path / f"talk.{ending}", plain(), frames(3))
    assert [file.name for file in files] == [f"talk_{n:04d}.{ending}" for n in range(3)]
    for file, vertices in zip(files, frames(3), strict=True):
        mesh = trimesh.load(file, process=False, maintain_order=True)
        np.testing.assert_allclose(mesh.vertices, vertices, atol=1e-7)


def test_expressions_of_a_head_are_named_shapes(tmp_path):
    head = full_head()
    moved = np.asarray(head.template)[..., None] + np.asarray(head.expression_basis)
    shapes = {name: moved[..., i] for i, name in enumerate(head.expression_names)}
    save_shapes(tmp_path / "head.glb", head_surface(head), shapes)
    glb = Glb((tmp_path / "head.glb").read_bytes())
    (mesh,) = glb.tree["meshes"]
    assert mesh["extras"]["targetNames"] == ["jawOpen", "nothing"]
    assert mesh["weights"] == [0, 0] and "animations" not in glb.tree
    rows = head_surface(head).seams()[0]
    np.testing.assert_allclose(
        glb.targets("POSITION")[0],
        np.asarray(head.expression_basis)[rows, :, 0],
        atol=1e-6,
    )


def test_head_surface_poses_the_head():
    head = bare_head()
    assert head_surface(head).uvs is None
    np.testing.assert_array_equal(head_surface(head).vertices, head.template)
    raised = np.asarray(head.template) + 1
    np.testing.assert_array_equal(head_surface(head, raised).vertices, raised)
    with pytest.raises(ValueError, match="vertices: expected 4 rows, got 3"):
        head_surface(head, raised[:3])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vertices": np.zeros((6, 2))}, r"vertices: expected \[n, 3\], got \[6, 2\]"),
        ({"vertices": np.full((6, 3), np.nan)}, "vertices: holds values that are not"),
        (
            {"vertices": np.zeros((5, 3)), "colors": None},
            "faces: .* from 0 to 4, got 0",
        ),
        ({"faces": np.zeros((0, 3), int)}, "needs vertices and faces"),
        ({"colors": np.zeros((5, 3))}, "colors: expected 6 rows, got 5"),
        ({"faces_uv": np.full((8, 3), 11)}, "faces_uv: expected numbers from 0 to 10"),
        ({"faces_uv": np.zeros((7, 3), int)}, "faces_uv: expected 8 rows, got 7"),
        ({"faces_uv": None}, "uvs: expected 6 rows, got 11"),
        ({"uvs": None}, "faces_uv: expected uvs with them, got none"),
        ({"faces": np.full((8, 3), 0.5)}, "faces: expected whole numbers, got float64"),
        ({"faces": np.full((8, 3), 2**32)}, "faces: holds values .* do not fit"),
        ({"vertices": np.full((6, 3), 1e39)}, "vertices: holds values .* do not fit"),
        ({"vertices": np.full((6, 3), 1j)}, "vertices: expected numbers, got complex"),
        ({"vertices": [[0, 0, 0], [1]]}, r"vertices: expected \[n, 3\], got ragged"),
        ({"uvs": np.full((11, 2), "a")}, "uvs: expected numbers, got <U1"),
        (
            {"colors": np.full((6, 3), 255, np.uint8)},
            r"colors: expected floats in \[0, 1\], got uint8",
        ),
    ],
)
def test_misfit_surfaces_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(octahedron(), **change)


def test_misfit_files_are_refused(tmp_path):
    surface = plain()
    with pytest.raises(ValueError, match=r"ending in one of \.glb, \.obj, \.ply"):
        save_mesh(tmp_path / "a.stl", surface)
    with pytest.raises(ValueError, match=r"frames: expected \[T, 6, 3\], got \[6, 3\]"):
        save_sequence(tmp_path / "a.glb", surface, surface.vertices)
    with pytest.raises(ValueError, match="frames_per_second: 0 is no rate"):
        save_sequence(tmp_path / "a.glb", surface, frames(2), 0)
    with pytest.raises(ValueError, match=r"ending in \.glb"):
        save_shapes(tmp_path / "a.obj", surface, {"a": surface.vertices})
    with pytest.raises(ValueError, match="at least one"):
        save_shapes(tmp_path / "a.glb", surface, {})
    with pytest.raises(ValueError, match=r"vertices: expected \[n, 3\], got \[\]"):
        save_shapes(tmp_path / "a.glb", surface, {"a": 1.0})
    broken = np.stack([surface.vertices, surface.vertices * np.nan])
    with pytest.raises(ValueError, match="vertices: holds values that are not finite"):
        save_sequence(tmp_path / "a.obj", surface, broken)
    assert not list(tmp_path.iterdir())


def test_a_file_is_no_folder_to_write_into(tmp_path):
    file = tmp_path / "taken"
    file.write_text("mine")
    with pytest.raises(NotADirectoryError, match=r"a folder, .*taken is a file"):
        save_mesh(file / "head.obj", plain())
    assert file.read_text() == "mine"
