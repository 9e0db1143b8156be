"""FLAME's files, written from the synthetic arrays as its owners write them."""

import pickle

import numpy as np

from tests.convert import pickle_writers as writers
from tests.parity.synthetic_flame import TINY, make_synthetic_flame

MODEL_KEYS = (
    "v_template",
    "f",
    "shapedirs",
    "posedirs",
    "weights",
    "J_regressor",
    "kintree_table",
)


def arrays() -> dict:
    """A FLAME of 285 vertices."""
    return make_synthetic_flame(0, TINY)


def model_arrays(assets: dict) -> dict:
    """Those that the model's own file holds, and one that nobody needs."""
    return {key: assets[key] for key in MODEL_KEYS} | {"bs_type": "lrotmin"}


def write_model(path, assets: dict, monkeypatch, protocol: int = 2) -> None:
    """A pickle with chumpy variables and a sparse joint regressor."""
    contents = model_arrays(assets)
    for key in ("v_template", "shapedirs", "posedirs", "weights"):
        contents[key] = writers.chumpy_variable(monkeypatch, contents[key])
    regressor = writers.csc_matrix(
        monkeypatch, contents["J_regressor"], "scipy.sparse.csc"
    )
    contents["J_regressor"] = regressor
    path.write_bytes(pickle.dumps(contents, protocol))


def masks(assets: dict) -> dict:
    """Vertex lists of every region."""
    found = {
        name: np.unique(assets["f"][rows].astype(np.int64))
        for name, rows in assets["triangle_masks"].items()
    }
    return found | {"face": assets["mask_face"]}


def write_assets(folder, assets: dict, monkeypatch) -> None:
    """Landmark embeddings, masks, eyelids and texture coordinates."""
    below = folder / "deeper"
    below.mkdir(parents=True)
    embedding = {key: value for key, value in assets.items() if "_lmk_" in key}
    mediapipe = {key: embedding.pop(key) for key in list(embedding) if "mp_" in key}
    for key in ("dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords"):
        kind = "LongStorage" if "faces" in key else "FloatStorage"
        embedding[key] = writers.tensor(monkeypatch, embedding[key], kind)
    np.save(folder / "landmark_embedding.npy", np.array(embedding, object))
    np.savez(
        below / "mediapipe_landmark_embedding.npz",
        lmk_face_idx=mediapipe["mp_lmk_face_idx"],
        lmk_b_coords=mediapipe["mp_lmk_b_coords"],
    )
    (below / "FLAME_masks.pkl").write_bytes(pickle.dumps(masks(assets), 2))
    np.save(folder / "l_eyelid.npy", assets["l_eyelid"])
    np.save(folder / "r_eyelid.npy", assets["r_eyelid"])
    (folder / "head_template.obj").write_text(obj_text(assets))


def uv_of(vertices: np.ndarray) -> np.ndarray:
    """Texture coordinates [..., 2] that tell the vertex."""
    return np.stack([vertices / 1000, vertices % 7 / 10], axis=-1).astype(np.float32)


def obj_text(assets: dict) -> str:
    """The faces in another order, each from another corner, as ``v/vt``."""
    rng = np.random.default_rng(2)
    faces = assets["f"].astype(np.int64)[rng.permutation(len(assets["f"]))]
    faces = np.array([np.roll(face, rng.integers(3)) for face in faces])
    count = len(assets["v_template"])
    lines = ["# a head", "v 0 1.5 0"]
    lines += [f"vt {u} {v}" for u, v in uv_of(np.arange(count)[::-1])]
    for face in faces:
        corners = " ".join(f"{v + 1}/{count - v}" for v in face)
        lines.append(f"f {corners}")
    return "\n".join(lines) + "\n"
