import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters, pose_head
from face_jax.heads import ict
from face_jax.heads.ict import anatomy, joints
from face_jax.heads.ict.contour import contour_79
from face_jax.heads.ict.eyes import eyeball_materials
from face_jax.heads.ict.obj import read_mesh, read_vertices
from tests.heads.fake_ict import (
    CORNEA,
    EYES,
    IRIS,
    fake_geometry,
    fake_mesh,
    write_folder,
)


@pytest.fixture(scope="module")
def geometry():
    return fake_geometry()


@pytest.fixture(scope="module")
def head(geometry):
    return ict.head_from_geometry(geometry)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, geometry):
    repository = tmp_path_factory.mktemp("ICT-FaceKit")
    write_folder(repository / "FaceXModel", geometry)
    return repository


def test_obj_keeps_the_order_of_the_file(tmp_path):
    path = tmp_path / "a.obj"
    path.write_text(
        "# c\nv 3 2 -1e0\r\nv 0 0 0\nv 0 0 0\nv 1.5 2 3\nvt 0.5 1\nvt 0.25 0\n"
        "usemtl M\nf 4/1 1/2 3/1\nf 1/1 2/2 3/2 4/1\n"
    )
    mesh = read_mesh(path)
    np.testing.assert_array_equal(mesh.vertices[[0, 3]], [[3, 2, -1], [1.5, 2, 3]])
    np.testing.assert_array_equal(mesh.faces, [[3, 0, 2, -1], [0, 1, 2, 3]])
    np.testing.assert_array_equal(mesh.faces_uv, [[0, 1, 0, -1], [0, 1, 1, 0]])
    np.testing.assert_array_equal(mesh.uvs, [[0.5, 1], [0.25, 0]])
    np.testing.assert_array_equal(read_vertices(path), mesh.vertices)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "not an OBJ mesh, it has no line 'v'"),
        ("v 1 2\n", "expected 3 numbers in every line 'v'"),
        ("v 1 2 x\n", "expected 3 numbers in every line 'v'"),
        ("v 1 2 nan\n", "not finite"),
        ("v 1 2 3\n", "no line 'vt'"),
        ("v 1 2 3\nvt 0 0\n", "no line 'f'"),
        ("v 1 2 3\nvt 0 0\nf 1 1 1\n", "expected faces of three or four corners"),
        ("v 1 2 3\nvt 0 0\nf 1/1 1/1 2/1\n", "names a position outside 1 to 1"),
        ("v 1 2 3\nvt 0 0\nf 1/1 1/2 1/1\n", "texture coordinate outside 1 to 1"),
    ],
)
def test_what_is_no_mesh_is_told(tmp_path, text, message):
    (tmp_path / "a.obj").write_text(text)
    with pytest.raises(ValueError, match=f"a.obj: .*{message}"):
        read_mesh(tmp_path / "a.obj")


def test_folder_is_read_as_it_was_written(folder, geometry):
    counts = []
    files = ict.find_files(folder, allow_missing=True)
    found = ict.read_files(files, counts.append)
    assert counts == [1, 2, 3] and len(files) == 3
    assert found.identities == ("identity000",) and found.expressions == ("jawOpen",)
    for field in ("vertices", "faces", "uvs", "faces_uv"):
        expected = getattr(geometry.neutral, field)
        np.testing.assert_allclose(getattr(found.neutral, field), expected, rtol=1e-6)
    shape = geometry.expression_shapes
    np.testing.assert_allclose(found.expression_shapes, shape, atol=1e-5)
    assert ict.find_files(folder / "FaceXModel", identities=1, expressions=()) == (
        dataclasses.replace(files, expressions=())
    )


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"identity001\.obj.* and 150 more mis"):
        ict.find_files(folder)
    with pytest.raises(FileNotFoundError, match=r"mouthFunnel\.obj missing"):
        ict.find_files(folder, identities=1, expressions=["jawOpen", "mouthFunnel"])
    with pytest.raises(FileNotFoundError, match=r"holds no generic_neutral"):
        ict.find_files(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent: no such folder"):
        ict.find_files(tmp_path / "absent")
    with pytest.raises(ValueError, match="identities: expected a number from 0 to 100"):
        ict.find_files(folder, identities=101)
    with pytest.raises(ValueError, match="expressions: 'smile' is none"):
        ict.find_files(folder, expressions=["smile"])


def test_other_meshes_are_told(tmp_path):
    mesh = "v 0 0 0\nvt 0 0\nf 1/1 1/1 1/1\n"
    (tmp_path / "generic_neutral_mesh.obj").write_text(mesh)
    files = ict.find_files(tmp_path, allow_missing=True)
    with pytest.raises(ValueError, match="with 26719 vertices, got 1"):
        ict.read_files(files)


def test_head_is_in_metres_with_triangles_of_all_shown_faces(head, geometry):
    mesh = geometry.neutral
    shown = np.delete(mesh.faces[:24692], eyeball_materials(mesh)["cornea"], axis=0)
    assert len(head.faces) == len(shown) + (shown[:, 3] >= 0).sum()
    corners = np.asarray(head.template)[np.asarray(head.faces)]
    np.testing.assert_allclose(
        corners[0], mesh.vertices[mesh.faces[0, :3]] * 0.01, rtol=1e-6
    )
    assert head.identity_basis.shape == (len(head.template), 3, 1)
    np.testing.assert_allclose(  # the face's vertices come first
        head.expression_basis[:9409, :, 0],
        geometry.expression_shapes[0, :9409] * 0.01,
        rtol=1e-6,
    )
    assert head.expression_names == ("jawOpen",) and "MIT" in head.licence


def test_textures_lie_within_their_tiles(head):
    uvs = np.asarray(head.uvs)
    assert uvs.min() >= 0 and uvs.max() <= 1
    assert head.faces_uv.shape == head.faces.shape
    assert head.faces_uv.max() == len(uvs) - 1


def test_landmarks_are_the_documented_vertices(head, geometry):
    full = head.landmarks["full_68"]
    corners = np.asarray(head.template)[np.asarray(head.faces)[full.faces]]
    points = (np.asarray(full.bary)[..., None] * corners).sum(axis=1)
    documented = list(anatomy.JAW_LINE + anatomy.INNER_FACE)
    expected = geometry.neutral.vertices[documented] * 0.01
    np.testing.assert_allclose(points, expected, rtol=1e-6)
    static = head.landmarks["static_51"]
    np.testing.assert_array_equal(static.faces, full.faces[17:])
    assert len(set(documented)) == 68


def test_eyeballs_show_iris_and_pupil_behind_no_cornea(head, geometry):
    materials = eyeball_materials(geometry.neutral)
    assert len(np.concatenate(list(materials.values()))) == 2 * (800 + 798)
    corners = geometry.neutral.vertices[geometry.neutral.faces]
    for side, centre in EYES.items():
        for material, limits in (("cornea", (0, CORNEA)), ("iris", (0.19, IRIS))):
            rows = materials[material]
            rows = rows[(rows < 23094) == (side == "left")]
            used = geometry.neutral.faces[rows]
            across = np.linalg.norm((corners[rows] - centre)[..., :2], axis=-1)
            across = across[used >= 0]
            assert limits[0] - 1e-5 <= across.min() and across.max() < limits[1] + 1e-5
    names = np.array(head.material_names)[np.asarray(head.face_materials)]
    assert {"skin", "sclera", "iris", "pupil", "teeth", "tongue"} <= set(names)
    assert not {"cornea", "lashes", "lacrimal_fluid"} & set(names)
    # Rays from the front through the pupil end on the inside of the inner shell.
    eye = np.asarray(head.template)[np.asarray(head.faces)[names == "pupil"]]
    normals = np.cross(eye[:, 1] - eye[:, 0], eye[:, 2] - eye[:, 0])
    behind = (eye.mean(axis=1)[:, 2] < 0.08) & (abs(normals).sum(1) > 0)
    assert (normals[behind][:, 2] > 0).mean() > 0.9


def test_parts_are_chosen(geometry, head):
    everything = ict.head_from_geometry(geometry, ict.PARTS)
    assert len(everything.template) == len(np.unique(geometry.neutral.faces)) - 1
    assert {"cornea", "lashes"} <= set(everything.material_names)
    least = ict.head_from_geometry(geometry, ["eyeballs", "face"])
    assert len(least.template) < len(head.template)
    assert "teeth" not in least.regions and "teeth" in head.regions
    np.testing.assert_allclose(np.asarray(least.joint_regressor).sum(1), 1, atol=1e-5)
    with pytest.raises(ValueError, match="parts: 'hat' is none of face, head"):
        ict.head_from_geometry(geometry, ["face", "hat"])
    with pytest.raises(ValueError, match="parts: 'eyeballs' is needed, got face"):
        ict.head_from_geometry(geometry, ["face"])


def test_joints_sit_in_the_eyeballs_and_follow_the_shape(head):
    template = np.asarray(head.template, np.float64)
    regressor = np.asarray(head.joint_regressor, np.float64)
    centres = [joints.SKULL_BASE, joints.NECK, EYES["left"], EYES["right"]]
    np.testing.assert_allclose(regressor @ template, np.array(centres) / 100, atol=1e-4)
    stretch = np.array([[1.1, 0, 0], [0, 0.9, 0.1], [0, 0, 1.2]])
    moved = template @ stretch + [0.01, 0, 0.02]
    expected = (regressor @ template) @ stretch + [0.01, 0, 0.02]
    np.testing.assert_allclose(regressor @ moved, expected, atol=1e-6)


def test_weights_turn_eyeballs_alone_and_fade_along_the_neck(head):
    weights = np.asarray(head.skinning_weights)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    for side in ("left", "right"):
        column = weights[:, head.joint_names.index(f"{side}_eye")]
        np.testing.assert_array_equal(
            column, np.asarray(head.regions[f"{side}_eyeball"]).astype(np.float32)
        )
    y, z = np.asarray(head.template).T[1:]
    face = np.asarray(head.regions["face"])
    neck = weights[:, 1] + weights[:, 2:].sum(axis=1)
    assert neck[face & (y > -0.05)].min() == 1
    assert neck[y + 0.46 * z < -0.145].max() == 0


def test_gaze_turns_an_eyeball_about_its_centre(head):
    turn = np.array([0, 0.5, 0])
    parameters = HeadParameters(eye_pose=jnp.asarray([*turn, 0, 0, 0]))
    posed = np.asarray(pose_head(head, parameters).vertices, np.float64)
    rest = np.asarray(head.template, np.float64)
    left = np.asarray(head.regions["left_eyeball"])
    np.testing.assert_allclose(posed[~left], rest[~left], atol=1e-6)
    cosine, sine = np.cos(0.5), np.sin(0.5)
    rotation = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    centre = EYES["left"] / 100
    expected = (rest[left] - centre) @ rotation.T + centre
    np.testing.assert_allclose(posed[left], expected, atol=1e-4)
    jaw = HeadParameters(jaw_params=jnp.zeros(3))
    with pytest.raises(ValueError, match="jaw_params: head 'ict' has no joint jaw"):
        pose_head(head, jaw)


def test_contour_is_the_silhouette():
    """On an upright elliptic cylinder it is known in closed form."""
    wide, deep = 7.0, 10.0
    around, height = np.linspace(-np.pi / 2, np.pi / 2, 181), np.linspace(0, 9, 10)
    angle, y = np.meshgrid(around, height)
    vertices = np.stack([wide * np.sin(angle), y, deep * np.cos(angle)], -1)
    corner = (np.arange(9)[:, None] * 181 + np.arange(180)).reshape(-1, 1)
    faces = np.concatenate([corner + np.array(c) for c in ([0, 1, 182], [0, 182, 181])])
    side = 181 * np.arange(1, 9)
    jaw_line = np.array([*side[::-1], 90, *(side + 180)])
    rows, bary = contour_79(
        vertices.reshape(-1, 3), faces, jaw_line, np.ones(vertices.size // 3, bool)
    )
    points = (vertices.reshape(-1, 3)[faces[rows]] * bary[..., None]).sum(axis=2)
    np.testing.assert_allclose(
        points[..., 1], [[*range(8, 0, -1), 0, *range(1, 9)]] * 79
    )
    np.testing.assert_allclose(points[:, 8], [[0, 0, deep]] * 79, atol=1e-9)
    yaw = np.radians([*range(40), *range(-1, -40, -1)])
    # Right of the steepest place that a contour reaches: 0.6 of the way to the middle.
    reached = np.hypot(wide * np.cos(yaw), deep * np.sin(yaw))
    x = np.maximum(wide**2 * np.cos(yaw) / reached, 0.6 * wide)
    z = deep * np.sqrt(1 - (x / wide) ** 2)
    left = np.where(yaw[:, None] > 0, np.stack([x, z], -1), [wide, 0])
    right = np.where(yaw[:, None] < 0, np.stack([-x, z], -1), [-wide, 0])
    for column in range(8):
        np.testing.assert_allclose(points[:, 16 - column, ::2], left, atol=0.15)
        np.testing.assert_allclose(points[:, column, ::2], right, atol=0.15)


def test_mesh_of_other_size_is_refused():
    geometry, mesh = fake_geometry(), fake_mesh()
    fewer = dataclasses.replace(mesh, faces=mesh.faces[:-1])
    with pytest.raises(ValueError, match="26384 faces, got 26383"):
        ict.head_from_geometry(dataclasses.replace(geometry, neutral=fewer))
