import pickle

import jax
import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters, pose_head
from face_jax.geometry.landmarks import MEDIAPIPE_105, landmarks_68
from face_jax.heads.flame import flame_from_arrays, load_flame
from face_jax.heads.storage import load_head, save_head
from tests.convert.pickle_writers import csc_matrix
from tests.heads import flame_files


@pytest.fixture(scope="module")
def assets():
    return flame_files.arrays()


@pytest.fixture
def folder(tmp_path, assets, monkeypatch):
    flame_files.write_model(tmp_path / "generic_model.pkl", assets, monkeypatch)
    flame_files.write_assets(tmp_path / "assets", assets, monkeypatch)
    return tmp_path


@pytest.fixture
def head(folder):
    return load_flame(folder / "generic_model.pkl", folder / "assets")


def equal(found, expected):
    np.testing.assert_array_equal(found, np.asarray(expected, np.float32))


def test_the_model_is_read_from_its_owners_pickle(head, assets):
    equal(head.template, assets["v_template"])
    np.testing.assert_array_equal(head.faces, assets["f"])
    equal(head.identity_basis, assets["shapedirs"][..., :300])
    equal(head.expression_basis, assets["shapedirs"][..., 300:])
    equal(head.joint_regressor, assets["J_regressor"])
    equal(head.skinning_weights, assets["weights"])
    column = np.asarray(head.pose_correctives)[7].reshape(-1, 3)
    equal(column, assets["posedirs"][..., 7])
    assert head.joint_names == ("root", "neck", "jaw", "left_eye", "right_eye")
    assert head.joint_parents == (-1, 0, 1, 1, 1)
    assert head.name == "flame" and "flame.is.tue.mpg.de" in head.licence


def test_what_belongs_to_the_topology_is_found(head, assets):
    equal(head.eyelid_basis[..., 0], assets["l_eyelid"])
    equal(head.eyelid_basis[..., 1], assets["r_eyelid"])
    for name, key in (("static_51", "static"), ("contour_79", "dynamic")):
        embedding = head.landmarks[name]
        np.testing.assert_array_equal(embedding.faces, assets[f"{key}_lmk_faces_idx"])
        equal(embedding.bary, assets[f"{key}_lmk_bary_coords"])
    equal(head.landmarks["full_68"].bary, assets["full_lmk_bary_coords"][0])
    equal(head.landmarks["mediapipe_105"].bary, assets["mp_lmk_b_coords"])
    np.testing.assert_array_equal(
        np.flatnonzero(head.regions["face"]), assets["mask_face"]
    )
    assert set(head.regions) == set(assets["triangle_masks"])


def test_texture_coordinates_follow_the_order_of_the_faces(head):
    corners = np.asarray(head.uvs)[np.asarray(head.faces_uv)]
    np.testing.assert_allclose(corners, flame_files.uv_of(np.asarray(head.faces)))


def test_materials_follow_the_regions(head, assets):
    names = np.array(head.material_names)[np.asarray(head.face_materials)]
    eyes = np.concatenate(
        [assets["triangle_masks"][f"{side}_eyeball"] for side in ("left", "right")]
    )
    assert set(np.flatnonzero(names == "sclera")) == set(eyes)
    assert {"skin", "lips", "scalp"} <= set(names)


def test_a_loaded_head_poses_and_survives_storage(head, tmp_path):
    save_head(tmp_path / "head.npz", head)
    again = load_head(tmp_path / "head.npz")
    parameters = HeadParameters(
        shape_params=np.full((1, 10), 0.5, np.float32),
        pose_params=np.float32([[0, 0.3, 0]]),
        jaw_params=np.float32([[0.2, 0, 0]]),
    )

    @jax.jit
    def points(head):
        return landmarks_68(head, pose_head(head, parameters).vertices, parameters)

    assert points(head).shape == (1, 68, 3)
    equal(points(again), points(head))
    assert again.licence == head.licence


@pytest.mark.parametrize("protocol", [0, 4, 5])
def test_other_protocols(tmp_path, assets, monkeypatch, protocol):
    path = tmp_path / "flame2023.pkl"
    flame_files.write_model(path, assets, monkeypatch, protocol)
    equal(load_flame(path).identity_basis, assets["shapedirs"][..., :300])


def test_arrays_converted_by_the_user(tmp_path, assets):
    contents = flame_files.model_arrays(assets)
    np.savez(tmp_path / "flame.npz", **contents)
    equal(load_flame(tmp_path / "flame.npz").template, assets["v_template"])


def test_converted_files_may_keep_a_sparse_matrix(tmp_path, assets, monkeypatch):
    contents = flame_files.model_arrays(assets)
    kept = np.empty((), object)
    kept[()] = csc_matrix(monkeypatch, contents["J_regressor"])
    np.savez(tmp_path / "flame.npz", **contents | {"J_regressor": kept})
    found = load_flame(tmp_path / "flame.npz").joint_regressor
    equal(found, assets["J_regressor"])


def test_buffers_of_published_layers(assets):
    layer = {
        "v_template": assets["v_template"],
        "faces_tensor": assets["f"].astype(np.int64),
        "shapedirs": assets["shapedirs"],
        "posedirs": assets["posedirs"].reshape(-1, 36).T,
        "J_regressor": assets["J_regressor"],
        "parents": np.array([-1, 0, 1, 1, 1]),
        "lbs_weights": assets["weights"],
    }
    head, original = flame_from_arrays(layer), flame_from_arrays(assets)
    equal(head.pose_correctives, original.pose_correctives)
    equal(head.skinning_weights, original.skinning_weights)


def test_other_numbers_of_directions(assets):
    small = assets | {"shapedirs": assets["shapedirs"][..., :20]}
    assert flame_from_arrays(small).identity_basis.shape[-1] == 10
    odd = assets | {"shapedirs": assets["shapedirs"][..., :150]}
    with pytest.raises(ValueError, match="150 directions; say how many"):
        flame_from_arrays(odd)
    assert flame_from_arrays(odd, num_identity=100).expression_basis.shape[-1] == 50
    with pytest.raises(ValueError, match="num_identity: expected 0 to 150, got 151"):
        flame_from_arrays(odd, num_identity=151)


def changed(array, place, value):
    array = np.array(array)
    array[place] = value
    return array


BROKEN = {
    "nan": (
        lambda a: {"v_template": changed(a["v_template"], 3, np.nan)},
        "not finite",
    ),
    "flat": (lambda a: {"v_template": a["v_template"].ravel()}, r"expected \[V, 3\]"),
    "text": (lambda a: {"v_template": np.array(["a"])}, "expected numbers"),
    "far": (lambda a: {"f": changed(a["f"], 0, 285)}, "faces: expected numbers from 0"),
    "wrapped": (lambda a: {"f": changed(a["f"], 0, 2**32 - 1)}, "f: holds 0 to 4294"),
    "quads": (lambda a: {"f": a["f"][:, :2]}, "faces: expected"),
    "other": (
        lambda a: {"shapedirs": a["shapedirs"][:-1]},
        r"shapedirs: .*\[285, 3, N",
    ),
    "bend": (lambda a: {"posedirs": a["posedirs"][..., :27]}, "posedirs: expected"),
    "joints": (lambda a: {"J_regressor": a["J_regressor"][:4]}, "joint_regressor"),
    "weights": (lambda a: {"weights": a["weights"].T}, "skinning_weights: expected"),
    "tree": (lambda a: {"kintree_table": a["kintree_table"][:, :4]}, "parents"),
    "lid": (lambda a: {"l_eyelid": a["l_eyelid"][:-1]}, "l_eyelid"),
    "lid of text": (
        lambda a: {"l_eyelid": {"a": 1}},
        "l_eyelid: expected numbers, got object",
    ),
    "lids": (lambda a: {f"{s}_eyelid": np.zeros((9, 3)) for s in "lr"}, "eyelid_basis"),
    "points": (
        lambda a: {"static_lmk_faces_idx": a["static_lmk_faces_idx"][:50]},
        "static_lmk_faces_idx: expected numbers",
    ),
    "place": (
        lambda a: {"static_lmk_faces_idx": changed(a["static_lmk_faces_idx"], 0, 545)},
        "landmarks static_51: faces: expected numbers from 0 to 544",
    ),
    "mask": (lambda a: {"masks": {"face": np.array([285])}}, "mask face: expected"),
    "bool": (lambda a: {"masks": {"face": np.ones(285)}}, "mask face: expected whole"),
    "uvs": (
        lambda a: {"uvs": np.zeros((3, 2)), "uv_corners": np.zeros((545, 3, 2), int)},
        "for other faces",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_arrays_that_do_not_fit(assets, name):
    change, message = BROKEN[name]
    with pytest.raises(ValueError, match=f"here: .*{message}"):
        flame_from_arrays(assets | change(assets), where="here")


@pytest.mark.parametrize("key", flame_files.MODEL_KEYS)
def test_missing_entries_are_named(assets, key):
    left = {name: value for name, value in assets.items() if name != key}
    with pytest.raises(ValueError, match=f"has no {key}"):
        flame_from_arrays(left)
    only = {name: v for name, v in assets.items() if name != "mp_lmk_b_coords"}
    with pytest.raises(ValueError, match="only one of mp_lmk_face_idx"):
        flame_from_arrays(only)


def test_files_that_are_no_model(tmp_path):
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(ValueError, match=r"list\.pkl: expected named arrays"):
        load_flame(tmp_path / "list.pkl")
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_flame(tmp_path / "missing.pkl")


def test_folders_without_or_with_too_many_files(folder):
    model = folder / "generic_model.pkl"
    with pytest.raises(FileNotFoundError, match="no such folder"):
        load_flame(model, folder / "missing")
    (folder / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"has none of landmark_embedding\.npy"):
        load_flame(model, folder / "empty")
    twice = folder / "assets" / "deeper" / "l_eyelid.npy"
    twice.write_bytes((folder / "assets" / "l_eyelid.npy").read_bytes())
    with pytest.raises(ValueError, match=r"has l_eyelid\.npy twice"):
        load_flame(model, folder / "assets")


def test_mediapipe_points_in_another_order(folder, assets):
    path = folder / "assets" / "deeper" / "mediapipe_landmark_embedding.npz"
    entries = {
        "lmk_face_idx": assets["mp_lmk_face_idx"],
        "lmk_b_coords": assets["mp_lmk_b_coords"],
    }
    model = folder / "generic_model.pkl"
    np.savez(path, **entries, landmark_indices=np.array(MEDIAPIPE_105))
    load_flame(model, folder / "assets")
    np.savez(path, **entries, landmark_indices=np.array(MEDIAPIPE_105)[::-1])
    with pytest.raises(ValueError, match="landmark_indices: expected"):
        load_flame(model, folder / "assets")
    np.savez(path, lmk_face_idx=entries["lmk_face_idx"])
    with pytest.raises(ValueError, match="has no lmk_b_coords"):
        load_flame(model, folder / "assets")


@pytest.mark.parametrize(
    "text", [b"f 1/1 2/2", b"f 1 2 3", b"vt 0\nf 1/1 2/2 3/3", b"", b"\xff\xd8\xff"]
)
def test_texture_files_of_another_kind(folder, text):
    (folder / "assets" / "head_template.obj").write_bytes(text)
    with pytest.raises(ValueError, match=r"head_template\.obj: expected triangles"):
        load_flame(folder / "generic_model.pkl", folder / "assets")
